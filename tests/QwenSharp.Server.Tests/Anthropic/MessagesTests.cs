using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Server.Tests.Scripted;

namespace QwenSharp.Server.Tests.Anthropic;

/// <summary>Anthropic's messages over a scripted model.</summary>
public class MessagesTests
{
    private const string Hi = """[{"role":"user","content":"Hi"}]""";

    private static readonly Script Thoughtful = Scripts.Updates(
        new ChatResponseUpdate { Contents = [new TextReasoningContent("Hm")] },
        new ChatResponseUpdate { Contents = [new TextReasoningContent(".")] },
        new ChatResponseUpdate { Contents = [new TextContent("Let me")] },
        new ChatResponseUpdate { Contents = [new TextContent(" look.")] },
        new ChatResponseUpdate
        {
            Contents =
            [
                new FunctionCallContent("call_1", "weather", new Dictionary<string, object?> { ["city"] = "Łódź" }),
                new FunctionCallContent("call_2", "clock", new Dictionary<string, object?>()),
            ],
        },
        new ChatResponseUpdate
        {
            FinishReason = ChatFinishReason.ToolCalls,
            Contents =
            [
                new UsageContent(new UsageDetails { InputTokenCount = 100, CachedInputTokenCount = 64, OutputTokenCount = 20 }),
            ],
        });

    [Fact]
    public async Task A_stream_has_its_events_in_order()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Thoughtful);

        List<(string Name, JsonNode Data)> events = await StreamAsync(server, Request(""));

        Assert.Equal(
            """
            message_start: {"type":"message_start","message":{"id":"ID","model":"scripted","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":7,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0,"service_tier":"standard"},"type":"message","role":"assistant","container":null,"stop_details":null}}
            ping: {"type":"ping"}
            content_block_start: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}
            content_block_delta: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm"}}
            content_block_delta: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"."}}
            content_block_delta: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"SIGNATURE"}}
            content_block_stop: {"type":"content_block_stop","index":0}
            content_block_start: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}
            content_block_delta: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Let me"}}
            content_block_delta: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":" look."}}
            content_block_stop: {"type":"content_block_stop","index":1}
            content_block_start: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"call_1","name":"weather","input":{},"caller":{"type":"direct"}}}
            content_block_delta: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"city\":\"Łódź\"}"}}
            content_block_stop: {"type":"content_block_stop","index":2}
            content_block_start: {"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"call_2","name":"clock","input":{},"caller":{"type":"direct"}}}
            content_block_delta: {"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{}"}}
            content_block_stop: {"type":"content_block_stop","index":3}
            message_delta: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":36,"cache_creation_input_tokens":0,"cache_read_input_tokens":64,"output_tokens":20,"service_tier":"standard"}}
            message_stop: {"type":"message_stop"}
            """,
            string.Join('\n', events.Select(next => $"{next.Name}: {Neutral(next.Data)}")));
    }

    [Fact]
    public async Task A_whole_reply_is_the_stream_folded()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Thoughtful);

        (int status, JsonNode body) = await server.AskAsync("/v1/messages", Request(""));

        Assert.Equal(200, status);
        Assert.Equal(
            """{"id":"ID","model":"scripted","content":[{"type":"thinking","thinking":"Hm.","signature":"SIGNATURE"},{"type":"text","text":"Let me look."},{"type":"tool_use","id":"call_1","name":"weather","input":{"city":"Łódź"},"caller":{"type":"direct"}},{"type":"tool_use","id":"call_2","name":"clock","input":{},"caller":{"type":"direct"}}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":36,"cache_creation_input_tokens":0,"cache_read_input_tokens":64,"output_tokens":20,"service_tier":"standard"},"type":"message","role":"assistant","container":null,"stop_details":null}""",
            Neutral(body));
    }

    [Theory]
    [InlineData("stop", null, 5, "end_turn")]
    [InlineData("stop", "END", 5, "stop_sequence")]
    [InlineData("length", null, 50, "max_tokens")]
    [InlineData("length", null, 5, "model_context_window_exceeded")]
    [InlineData("content_filter", null, 5, "refusal")]
    [InlineData("repetition", null, 5, "end_turn")]
    public async Task An_answer_says_why_it_ended(string reason, string? stop, int tokens, string expected)
    {
        ChatResponseUpdate end = Scripts.End(new(reason), promptTokens: 1, tokens);
        end.AdditionalProperties = stop is null ? null : new() { [ChatOptionKeys.StopSequence] = stop };
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            Scripts.Updates(new ChatResponseUpdate { Contents = [new TextContent("Hi")] }, end));

        JsonNode body = (await server.AskAsync("/v1/messages", Request("\"stop_sequences\":[\"END\"]"))).Body;

        Assert.Equal((expected, stop), ((string?)body["stop_reason"], (string?)body["stop_sequence"]));
    }

    [Fact]
    public async Task A_thought_that_is_sent_back_is_known_by_its_signature()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Thoughtful);
        JsonNode thought = (await server.AskAsync("/v1/messages", Request(""))).Body["content"]![0]!.DeepClone();
        async Task<int> ThoughtsAsync(JsonNode block)
        {
            string history = $$"""[{"role":"user","content":"a"},{"role":"assistant","content":[{{block.ToJsonString()}},{"type":"text","text":"b"}]},{"role":"user","content":"c"}]""";
            Assert.Equal(200, (await server.AskAsync("/v1/messages", Request("", history))).Status);
            return server.Chat.Calls[^1].Messages.SelectMany(message => message.Contents).Count(content => content is TextReasoningContent);
        }

        Assert.Equal(1, await ThoughtsAsync(thought));
        thought["thinking"] = "Hm!";
        Assert.Equal(0, await ThoughtsAsync(thought));
        Assert.Equal(0, await ThoughtsAsync(JsonNode.Parse("""{"type":"redacted_thinking","data":"abc"}""")!));
    }

    [Fact]
    public async Task Thoughts_may_be_left_out_of_the_reply()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Thoughtful);

        JsonNode body = (await server.AskAsync("/v1/messages", Request("\"thinking\":{\"type\":\"adaptive\",\"display\":\"omitted\"}"))).Body;

        Assert.Equal(("thinking", ""), ((string?)body["content"]![0]!["type"], (string?)body["content"]![0]!["thinking"]));
        Assert.NotEmpty((string)body["content"]![0]!["signature"]!);
    }

    [Theory]
    [InlineData("{", 400, "invalid_request_error", "not valid JSON")]
    [InlineData("""{"model":"scripted","messages":[{"role":"user","content":"Hi"}]}""", 400, "invalid_request_error", "'max_tokens' is required")]
    [InlineData("""{"model":"other","max_tokens":1,"messages":[{"role":"user","content":"Hi"}]}""", 404, "not_found_error", "'other'")]
    public async Task Errors_have_its_shape(string request, int status, string type, string words)
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Echo);

        using HttpResponseMessage reply = await server.PostAsync("/v1/messages", request);

        AssertError(await ReadAsync(reply), (int)reply.StatusCode, status, type, words);
        JsonNode body = await ReadAsync(reply);
        Assert.Equal(Assert.Single(reply.Headers.GetValues("request-id")), (string?)body["request_id"]);
    }

    [Fact]
    public async Task What_the_model_refuses_is_worded_with_its_fields()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            Scripts.Fail(new OptionException(OptionFault.Of(FaultKind.TooLong, "Messages", "has more tokens than there is room for."))));

        (int status, JsonNode body) = await server.AskAsync("/v1/messages", Request("\"stream\":true"));

        AssertError(body, status, 400, "invalid_request_error", "prompt is too long: 'messages' has more");
    }

    // Claude Code reads both numbers and shortens the conversation by as much.
    [Fact]
    public async Task A_prompt_that_is_too_long_is_told_in_numbers()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            Scripts.Fail(new OptionException(
                new OptionFault(FaultKind.TooLong, "Messages", $"Too long.") { Bounds = Bounds.AtMost(9), Given = 12 })));

        (int status, JsonNode body) = await server.AskAsync("/v1/messages", Request(""));

        AssertError(body, status, 400, "invalid_request_error", "prompt is too long: 12 tokens > 9 maximum");
        Assert.Equal("prompt is too long: 12 tokens > 9 maximum", (string?)body["error"]!["message"]);
    }

    // OpenAI's protocol has the path too.
    [Theory]
    [InlineData("GET", "/v1/files")]
    [InlineData("POST", "/v1/files?beta=true")]
    [InlineData("DELETE", "/v1/files/file_1")]
    public async Task Files_are_refused_in_the_words_of_the_protocol(string method, string path)
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("Hi"));
        using HttpRequestMessage request = new(new HttpMethod(method), path);
        request.Headers.Add("anthropic-version", "2023-06-01");

        using HttpResponseMessage reply = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);

        AssertError(await ReadAsync(reply), (int)reply.StatusCode, 404, "not_found_error", "No files are kept");
    }

    [Fact]
    public async Task A_full_server_says_that_it_is_overloaded()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Fail(new QueueFullException(1, 9, 9)));

        (int status, JsonNode body) = await server.AskAsync("/v1/messages", Request(""));

        AssertError(body, status, 529, "overloaded_error", "wait already");
    }

    [Fact]
    public async Task A_failure_amid_a_stream_is_its_last_event()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync((_, _) => FailLate());

        List<(string Name, JsonNode Data)> events = await StreamAsync(server, Request(""));

        Assert.Equal("error", events[^1].Name);
        Assert.Equal(("error", "api_error"), ((string?)events[^1].Data["type"], (string?)events[^1].Data["error"]!["type"]));
        Assert.StartsWith("req_", (string?)events[^1].Data["request_id"]);
    }

    [Theory]
    [InlineData(null, null, 401, "needs its API key")]
    [InlineData("x-api-key", "wrong", 401, "is not the one")]
    [InlineData("Authorization", "Bearer wrong", 401, "is not the one")]
    [InlineData("x-api-key", "open sesame", 200, null)]
    [InlineData("Authorization", "Bearer open sesame", 200, null)]
    public async Task The_key_comes_in_either_header(string? header, string? value, int expected, string? words)
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Echo, options => options with { ApiKey = "open sesame" });
        if (header is not null)
            server.Http.DefaultRequestHeaders.Add(header, value);

        (int status, JsonNode body) = await server.AskAsync("/v1/messages", Request(""));

        Assert.Equal(expected, status);
        if (words is not null)
            AssertError(body, status, expected, "authentication_error", words);
    }

    [Fact]
    public async Task Tokens_are_counted_without_an_answer()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Echo);

        (int status, JsonNode body) = await server.AskAsync("/v1/messages/count_tokens", $$"""{"model":"scripted","messages":{{Hi}}}""");

        Assert.Equal((200, """{"input_tokens":7}"""), (status, body.ToJsonString()));
        Assert.Empty(server.Chat.Calls);
    }

    [Fact]
    public async Task Models_come_in_the_shape_that_the_headers_ask_for()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Echo);
        async Task<string> GetAsync(string path)
        {
            using HttpResponseMessage reply = await server.Http.GetAsync(path, TestContext.Current.CancellationToken);
            return await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        }

        Assert.StartsWith("""{"data":[{"id":"scripted","created":17""", await GetAsync("/v1/models"));
        server.Http.DefaultRequestHeaders.Add("anthropic-version", "2023-06-01");
        Assert.Equal(
            """{"data":[{"id":"scripted","created_at":"2023-11-14T22:13:20+00:00","type":"model","display_name":"scripted"}],"has_more":false,"first_id":"scripted","last_id":"scripted"}""",
            await GetAsync("/v1/models"));
        Assert.Equal(
            """{"id":"scripted","created_at":"2023-11-14T22:13:20+00:00","type":"model","display_name":"scripted"}""",
            await GetAsync("/v1/models/scripted"));
        Assert.Equal("""{"data":[],"has_more":false,"first_id":null,"last_id":null}""", await GetAsync("/v1/models?after_id=scripted"));
        Assert.Contains("not_found_error", await GetAsync("/v1/models/other"));
        Assert.Contains("not_found_error", await GetAsync("/v1/elsewhere"));
        Assert.Contains("'limit' is 0", await GetAsync("/v1/models?limit=0"));
    }

    [Fact]
    public async Task A_silent_model_is_heard_to_live()
    {
        TaskCompletionSource wait = new(TaskCreationOptions.RunContinuationsAsynchronously);
        async IAsyncEnumerable<string> SlowAsync()
        {
            await wait.Task;
            yield return "a";
        }

        List<string?> heard = [];
        await foreach (
            string? item in Protocols.Events.Pulse.In(SlowAsync(), TimeSpan.FromMilliseconds(1), TestContext.Current.CancellationToken))
        {
            heard.Add(item);
            if (heard.Count == 3)
                wait.SetResult();
        }

        Assert.All(heard[..^1], Assert.Null);
        Assert.Equal("a", heard[^1]);
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> FailLate()
    {
        yield return new ChatResponseUpdate(ChatRole.Assistant, "so far");
        await Task.Yield();
        throw new InvalidOperationException("The script fails.");
    }

    private static string Request(string fields, string messages = Hi) =>
        $$"""{"model":"scripted","max_tokens":50,"messages":{{messages}}{{(fields.Length > 0 ? "," + fields : "")}}}""";

    private static string Neutral(JsonNode node)
    {
        string json = node.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json = System.Text.RegularExpressions.Regex.Replace(json, "\"msg_[0-9a-f]{32}\"", "\"ID\"");
        return System.Text.RegularExpressions.Regex.Replace(json, "\"signature\":\"[^\"]+\"", "\"signature\":\"SIGNATURE\"");
    }

    private static async Task<List<(string Name, JsonNode Data)>> StreamAsync(ScriptedServer server, string request)
    {
        using HttpResponseMessage reply = await server.PostAsync("/v1/messages", request[..^1] + ",\"stream\":true}");
        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        return MessageEvents.Read(await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<JsonNode> ReadAsync(HttpResponseMessage reply) =>
        JsonNode.Parse(await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;

    private static void AssertError(JsonNode body, int actual, int status, string type, string words)
    {
        Assert.Equal(["type", "error", "request_id"], body.AsObject().Select(field => field.Key));
        Assert.Equal(["type", "message"], body["error"]!.AsObject().Select(field => field.Key));
        Assert.Equal((status, "error", type), (actual, (string?)body["type"], (string?)body["error"]!["type"]));
        Assert.Contains(words, (string)body["error"]!["message"]!);
    }
}
