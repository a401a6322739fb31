using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Server.Tests.Scripted;
using QwenSharp.Tests;

namespace QwenSharp.Server.Tests;

/// <summary><c>/v1/responses</c> and <c>/v1/conversations</c>.</summary>
public class ResponseTests
{
    private static readonly Script Thinker = Scripts.Updates(
        new ChatResponseUpdate { Contents = [new TextReasoningContent("Let me ")] },
        new ChatResponseUpdate { Contents = [new TextReasoningContent("see.")] },
        new ChatResponseUpdate { Contents = [new TextContent("Good")] },
        new ChatResponseUpdate { Contents = [new TextContent(" day")] },
        Scripts.End(ChatFinishReason.Stop, promptTokens: 7, completionTokens: 9));

    [Fact]
    public async Task A_whole_response_says_what_its_stream_says()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Thinker);

        (int status, JsonNode whole) = await server.AskAsync("/v1/responses", """{"input":"Hi","metadata":{"a":"b"},"instructions":"Be kind."}""");
        JsonNode streamed = ResponseEvents.AssertOrder(await StreamAsync(server, """{"input":"Hi","stream":true}"""));

        Assert.Equal(200, status);
        Assert.Equal("completed", (string)whole["status"]!);
        Assert.Equal("b", (string)whole["metadata"]!["a"]!);
        Assert.Equal("Let me see.", (string)whole["output"]![0]!["content"]![0]!["text"]!);
        Assert.Equal("Good day", (string)whole["output"]![1]!["content"]![0]!["text"]!);
        Assert.Equal(16, (int)whole["usage"]!["total_tokens"]!);
        Assert.Equal(Texts(whole), Texts(streamed));
        Assert.Equal(whole.AsObject().Select(field => field.Key), streamed.AsObject().Select(field => field.Key));
        Assert.Equal(["Be kind.", "Hi"], server.Chat.Calls[0].Messages.Select(message => message.Text));
    }

    [Fact]
    public async Task The_events_of_a_stream_come_in_order()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Thinker);

        List<JsonNode> plain = await StreamAsync(server, """{"input":"Hi","stream":true}""");
        List<JsonNode> summary = await StreamAsync(server, """{"input":"Hi","stream":true,"reasoning":{"summary":"auto"}}""");

        Assert.Equal(
            [
                "response.created", "response.in_progress",
                "response.output_item.added", "response.content_part.added", "response.reasoning_text.delta",
                "response.reasoning_text.delta", "response.reasoning_text.done", "response.content_part.done", "response.output_item.done",
                "response.output_item.added", "response.content_part.added", "response.output_text.delta", "response.output_text.delta",
                "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed",
            ],
            ResponseEvents.Types(plain));
        Assert.Equal(
            [
                "response.output_item.added", "response.reasoning_summary_part.added", "response.reasoning_summary_text.delta",
                "response.reasoning_summary_text.delta", "response.reasoning_summary_text.done", "response.reasoning_summary_part.done",
                "response.output_item.done",
            ],
            ResponseEvents.Types(summary.Skip(2).Take(7)));
        ResponseEvents.AssertOrder(summary);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_continued_response_sees_what_came_before_to_the_letter(bool isOnDisk)
    {
        using TemporaryFolder folder = new();
        Func<ServerOptions, ServerOptions> configure = options => options with { State = isOnDisk ? folder["state"] : null };
        string id;
        await using (ScriptedServer first = await ScriptedServer.StartAsync(Thinker, configure))
        {
            (_, JsonNode begun) = await first.AskAsync("/v1/responses", """{"input":"One","reasoning":{"summary":"auto"},"instructions":"Be kind."}""");
            (_, JsonNode gone) = await first.AskAsync(
                "/v1/responses", $$"""{"input":"Two","previous_response_id":"{{begun["id"]}}","instructions":"Be kind."}""");
            id = (string)gone["id"]!;
            await AssertThirdAsync(first, id);
        }

        // What is kept in a folder is there when the server comes back.
        await using ScriptedServer second = await ScriptedServer.StartAsync(Thinker, configure);
        if (isOnDisk)
        {
            await AssertThirdAsync(second, id);
            (int status, _) = await second.AskAsync("/v1/responses", $$"""{"input":"x","previous_response_id":"{{id}}x"}""");
            Assert.Equal(400, status);
        }
        else
        {
            ScriptedServer.AssertError(
                await second.AskAsync("/v1/responses", $$"""{"input":"x","previous_response_id":"{{id}}"}"""),
                400,
                "previous_response_id",
                "invalid_value");
        }
    }

    [Fact]
    public async Task Thoughts_that_are_sent_back_sealed_are_the_models_own_and_others_are_left_out()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Thinker);
        (_, JsonNode first) = await server.AskAsync(
            "/v1/responses",
            """{"input":"One","store":false,"reasoning":{"summary":"auto"},"include":["reasoning.encrypted_content"]}""");
        JsonArray back = new(new JsonObject { ["role"] = "user", ["content"] = "One" });
        foreach (JsonNode? item in first["output"]!.AsArray())
            back.Add(item!.DeepClone());

        JsonArray parts = new(new JsonObject { ["type"] = "input_text", ["text"] = "Two" });
        back.Add(new JsonObject { ["role"] = "user", ["content"] = parts });
        await server.AskAsync("/v1/responses", new JsonObject { ["input"] = back.DeepClone() }.ToJsonString());
        back[1]!["encrypted_content"] = "ZW5jcnlwdGVk";
        await server.AskAsync("/v1/responses", new JsonObject { ["input"] = back }.ToJsonString());

        Assert.Equal(["One", "Let me see.|Good day", "Two"], Said(server.Chat.Calls[1]));
        Assert.Equal(["One", "Good day", "Two"], Said(server.Chat.Calls[2]));
    }

    [Fact]
    public async Task Items_of_stored_responses_may_be_referred_to()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Thinker);
        (_, JsonNode first) = await server.AskAsync("/v1/responses", """{"input":"One","reasoning":{"summary":"auto"}}""");
        JsonNode thought = first["output"]![0]!, message = first["output"]![1]!;

        await server.AskAsync(
            "/v1/responses",
            $$"""{"input":[{"role":"user","content":"One"},{{thought.ToJsonString()}},{"type":"item_reference","id":"{{message["id"]}}"},{"role":"user","content":"Two"}]}""");

        Assert.Equal(["One", "Let me see.|Good day", "Two"], Said(server.Chat.Calls[1]));
        ScriptedServer.AssertError(
            await server.AskAsync("/v1/responses", """{"input":[{"type":"item_reference","id":"msg_none"}]}"""),
            400,
            "input[0].id",
            "invalid_value");
    }

    [Theory]
    [InlineData("{\"input\": \"*** Żółw", "\\", "n\\u017", "c\\ud83d", "\\ude00\\\"", "\" }")]
    [InlineData("{", "\"inp", "ut\"", ":", " ", "\"*** Żółw\\nż😀\\\"\"}")]
    [InlineData("{\"other\": 1, \"in", "put\": \"*** Żółw\\nż😀\\\"\"}")]
    public async Task The_input_of_a_custom_tool_comes_as_it_is_written(params string[] pieces)
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Updates(
            [.. Scripts.Call("c1", "patch", pieces), Scripts.End(ChatFinishReason.ToolCalls, 7, 9)]));

        List<JsonNode> events = await StreamAsync(server, """{"input":"Hi","stream":true,"tools":[{"type":"custom","name":"patch"}]}""");

        JsonNode response = ResponseEvents.AssertOrder(events);
        const string Said = "*** Żółw\nż😀\"";
        Assert.Equal(Said, (string)response["output"]![0]!["input"]!);
        Assert.Equal(
            Said,
            string.Concat(events.Where(one => (string)one["type"]! == "response.custom_tool_call_input.delta")
                .Select(one => (string)one["delta"]!)));
    }

    [Fact]
    public async Task Custom_tools_and_tools_of_namespaces_are_functions_to_the_model_alone()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Updates(
            Call("c1", "patch", "input", "*** Żółw"),
            Call("c2", "git__log", "n", 3),
            Scripts.End(ChatFinishReason.ToolCalls, 7, 9)));
        const string Tools = """
            [{"type":"custom","name":"patch","format":{"type":"grammar","syntax":"regex","definition":"a+"}},{"type":"web_search"},
            {"type":"namespace","name":"git","description":"Git.","tools":[{"type":"function","name":"log","parameters":{"type":"object"}}]}]
            """;

        JsonNode response = ResponseEvents.AssertOrder(await StreamAsync(
            server,
            $$"""{"tool_choice":{"type":"custom","name":"patch"},"input":"Hi","stream":true,"tools":{{Tools}} }"""));
        JsonArray output = response["output"]!.AsArray();
        await server.AskAsync(
            "/v1/responses",
            $$"""
            {"tools":{{Tools}},"input":[{"role":"user","content":"Hi"},{{output[0]!.ToJsonString()}},{{output[1]!.ToJsonString()}},
            {"type":"custom_tool_call_output","call_id":"c1","output":"done"},
            {"type":"function_call_output","call_id":"c2","output":[{"type":"input_text","text":"no"},{"type":"input_image","image_url":"data:x"}]}] }
            """);

        Assert.Equal(("custom_tool_call", "*** Żółw"), ((string)output[0]!["type"]!, (string)output[0]!["input"]!));
        Assert.Equal(
            ("git", "log", """{"n":3}"""),
            ((string)output[1]!["namespace"]!, (string)output[1]!["name"]!, (string)output[1]!["arguments"]!));
        Assert.Equal(2, response["tools"]!.AsArray().Count);
        ScriptedCall call = server.Chat.Calls[0];
        Assert.Equal(["patch", "git__log"], call.Options.Tools!.Select(tool => tool.Name));
        Assert.Equal("patch", Assert.IsType<RequiredChatToolMode>(call.Options.ToolMode).RequiredFunctionName);
        System.Text.Json.JsonElement schema = ((AIFunctionDeclaration)call.Options.Tools![0]).JsonSchema;
        Assert.Equal("^(?:a+)$", schema.GetProperty("properties").GetProperty("input").GetProperty("pattern").GetString());
        IReadOnlyList<ChatMessage> second = server.Chat.Calls[1].Messages;
        Assert.Equal(["patch", "git__log"], second[1].Contents.Cast<FunctionCallContent>().Select(made => made.Name));
        Assert.Equal("no[image left out: this model reads text only]", ((FunctionResultContent)second[3].Contents[0]).Result);
    }

    [Fact]
    public async Task Stored_responses_are_shown_listed_and_deleted()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Thinker);
        (_, JsonNode made) = await server.AskAsync("/v1/responses", """{"input":[{"role":"user","content":"One"},{"role":"developer","content":"Two"}]}""");
        (_, JsonNode unkept) = await server.AskAsync("/v1/responses", """{"input":"One","store":false}""");
        string path = $"/v1/responses/{made["id"]}";

        JsonNode shown = await GetAsync(server, path);
        JsonNode all = await GetAsync(server, $"{path}/input_items?order=asc");
        JsonNode page = await GetAsync(server, $"{path}/input_items?limit=1");
        JsonNode rest = await GetAsync(server, $"{path}/input_items?limit=1&after={page["last_id"]}");

        Assert.Equal(made.ToJsonString(), shown.ToJsonString());
        Assert.Equal(["One", "Two"], all["data"]!.AsArray().Select(item => (string)item!["content"]![0]!["text"]!));
        Assert.Equal((true, "Two"), ((bool)page["has_more"]!, (string)page["data"]![0]!["content"]![0]!["text"]!));
        Assert.Equal((false, "One"), ((bool)rest["has_more"]!, (string)rest["data"]![0]!["content"]![0]!["text"]!));
        ScriptedServer.AssertError(await server.AskAsync($"{path}/cancel", ""), 400, null, null);
        using HttpResponseMessage deleted = await server.Http.DeleteAsync(path, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)deleted.StatusCode);
        foreach (string gone in (string[])[path, $"/v1/responses/{unkept["id"]}"])
        {
            using HttpResponseMessage missing = await server.Http.GetAsync(gone, TestContext.Current.CancellationToken);
            Assert.Equal(404, (int)missing.StatusCode);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_conversation_grows_with_its_responses(bool isOnDisk)
    {
        using TemporaryFolder folder = new();
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            Thinker, options => options with { State = isOnDisk ? folder["state"] : null });
        (_, JsonNode made) = await server.AskAsync(
            "/v1/conversations", """{"metadata":{"topic":"x"},"items":[{"role":"system","content":"Be kind."}]}""");
        string path = $"/v1/conversations/{made["id"]}";

        await server.AskAsync("/v1/responses", $$"""{"input":"One","conversation":"{{made["id"]}}"}""");
        (_, JsonNode reply) = await server.AskAsync("/v1/responses", $$"""{"conversation":{"id":"{{made["id"]}}"},"input":"Two","store":false}""");
        (_, JsonNode added) = await server.AskAsync($"{path}/items", """{"items":[{"role":"user","content":"Three"}]}""");
        JsonNode items = await GetAsync(server, $"{path}/items?order=asc");
        using HttpResponseMessage removed = await server.Http.DeleteAsync(
            $"{path}/items/{added["first_id"]}", TestContext.Current.CancellationToken);
        (_, JsonNode changed) = await server.AskAsync(path, """{"metadata":{"topic":"y"}}""");

        Assert.Equal((string)made["id"]!, (string)reply["conversation"]!["id"]!);
        Assert.Equal(["Be kind.", "One", "Let me see.|Good day", "Two"], Said(server.Chat.Calls[1]));
        Assert.Equal(
            ["message", "message", "reasoning", "message", "message", "reasoning", "message", "message"],
            items["data"]!.AsArray().Select(item => (string)item!["type"]!));
        Assert.Equal(200, (int)removed.StatusCode);
        Assert.Equal("y", (string)changed["metadata"]!["topic"]!);
        Assert.Equal(7, (await GetAsync(server, $"{path}/items"))["data"]!.AsArray().Count);
        Assert.Equal("msg", ((string)(await GetAsync(server, $"{path}/items/{items["first_id"]}"))["id"]!)[..3]);
        using HttpResponseMessage deleted = await server.Http.DeleteAsync(path, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)deleted.StatusCode);
        ScriptedServer.AssertError(
            await server.AskAsync("/v1/responses", $$"""{"input":"x","conversation":"{{made["id"]}}"}"""), 400, "conversation", "invalid_value");
    }

    [Fact]
    public async Task A_response_that_runs_out_of_tokens_is_incomplete_and_one_that_fails_says_so()
    {
        await using ScriptedServer cut = await ScriptedServer.StartAsync(Scripts.Updates(
            new ChatResponseUpdate(ChatRole.Assistant, "so far"), Scripts.End(ChatFinishReason.Length, 7, 2)));
        await using ScriptedServer failing = await ScriptedServer.StartAsync((_, _) => FailLate());
        await using ScriptedServer refusing = await ScriptedServer.StartAsync(Scripts.Fail(new InvalidOperationException()));

        JsonNode incomplete = ResponseEvents.AssertOrder(await StreamAsync(cut, """{"input":"Hi","stream":true}"""));
        List<JsonNode> failed = await StreamAsync(failing, """{"input":"Hi","stream":true}""");
        (int status, _) = await refusing.AskAsync("/v1/responses", """{"input":"Hi","stream":true}""");

        Assert.Equal("incomplete", (string)incomplete["status"]!);
        Assert.Equal("max_output_tokens", (string)incomplete["incomplete_details"]!["reason"]!);
        Assert.Equal("incomplete", (string)incomplete["output"]![0]!["status"]!);
        Assert.Equal(["error", "response.failed"], ResponseEvents.Types(failed.TakeLast(2)));
        Assert.Equal("failed", (string)failed[^1]["response"]!["status"]!);
        Assert.Equal("server_error", (string)failed[^1]["response"]!["error"]!["code"]!);
        Assert.Equal(500, status);
    }

    [Fact]
    public async Task Tokens_are_counted()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Thinker);

        (int status, JsonNode count) = await server.AskAsync("/v1/responses/input_tokens", """{"input":"Hi"}""");

        Assert.Equal((200, 7), (status, (int)count["input_tokens"]!));
    }

    [Fact]
    public async Task A_continued_response_has_its_prompt_from_the_cache()
    {
        using TemporaryFolder folder = new();
        string path = ScriptedCheckpoint.Write(folder["tiny.gguf"], ["Grüße", " aus", " 北京", "!!"]);
        ServerOptions options = new() { Port = 0, Models = [new ModelSource(path, new QwenModelOptions { Threads = 1 })] };
        await using QwenServer server = await QwenServer.StartAsync(options, TestContext.Current.CancellationToken);
        using HttpClient http = new() { BaseAddress = server.Address };

        JsonNode first = await CreateAsync(http, """{"input":"Hello"}""");
        JsonNode second = await CreateAsync(http, $$"""{"input":"And again?","previous_response_id":"{{first["id"]}}"}""");

        // What the script says is not cut into tokens as a model's own words are: of the answer nothing need be found.
        int before = (int)first["usage"]!["input_tokens"]!;
        int cached = (int)second["usage"]!["input_tokens_details"]!["cached_tokens"]!;
        Assert.True(cached >= before - 1, $"{cached} of {before} tokens are from the cache.");
    }

    private static async Task<JsonNode> CreateAsync(HttpClient http, string json)
    {
        using StringContent body = new(json, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage reply = await http.PostAsync("/v1/responses", body, TestContext.Current.CancellationToken);
        string text = await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True((int)reply.StatusCode == 200, text);
        return JsonNode.Parse(text)!;
    }

    private static ChatResponseUpdate Call(string id, string name, string argument, object value) => new()
    {
        Contents = [new FunctionCallContent(id, name, new Dictionary<string, object?> { [argument] = value })],
    };

    private static async Task AssertThirdAsync(ScriptedServer server, string previous)
    {
        await server.AskAsync(
            "/v1/responses", $$"""{"input":"Three","store":false,"previous_response_id":"{{previous}}","instructions":"Be kind."}""");
        Assert.Equal(
            ["Be kind.", "One", "Let me see.|Good day", "Two", "Let me see.|Good day", "Three"], Said(server.Chat.Calls[^1]));
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> FailLate()
    {
        yield return new ChatResponseUpdate(ChatRole.Assistant, "so far");
        await Task.Yield();
        throw new InvalidOperationException("The script fails.");
    }

    private static IEnumerable<string> Said(ScriptedCall call) => call.Messages.Select(message =>
        string.Join('|', message.Contents.Select(content => content is TextReasoningContent thought ? thought.Text : content.ToString())));

    private static IEnumerable<string> Texts(JsonNode response) =>
        response["output"]!.AsArray().Select(item => (string)item!["content"]![0]!["text"]!);

    private static async Task<JsonNode> GetAsync(ScriptedServer server, string path)
    {
        using HttpResponseMessage reply = await server.Http.GetAsync(path, TestContext.Current.CancellationToken);
        string text = await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True((int)reply.StatusCode == 200, text);
        return JsonNode.Parse(text)!;
    }

    private static async Task<List<JsonNode>> StreamAsync(ScriptedServer server, string json)
    {
        using HttpResponseMessage reply = await server.PostAsync("/v1/responses", json);
        string text = await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True((int)reply.StatusCode == 200, text);
        return ResponseEvents.Read(text);
    }
}
