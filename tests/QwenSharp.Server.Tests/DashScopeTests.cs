using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Models;
using QwenSharp.Server.Tests.Scripted;
using QwenSharp.Tests;

namespace QwenSharp.Server.Tests;

/// <summary>DashScope's own protocol, and the compatible mode.</summary>
public class DashScopeTests
{
    private const string Generation = "/api/v1/services/aigc/text-generation/generation";
    private const string Hi = """ "model":"scripted","input":{"messages":[{"role":"user","content":"Hi"}]} """;

    [Fact]
    public async Task A_message_and_a_text_are_the_same_answer_in_two_forms()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("Good", "day"));

        (int status, JsonNode message) = await server.AskAsync(
            Generation, $$$"""{{{{Hi}}},"parameters":{"result_format":"message"}}""");
        (_, JsonNode text) = await server.AskAsync(Generation, """{"model":"scripted","input":{"prompt":"Hi"}}""");

        Assert.Equal(200, status);
        Assert.Equal(
            """{"choices":[{"finish_reason":"stop","message":{"content":"Good day","role":"assistant"}}]}""",
            message["output"]!.ToJsonString());
        Assert.Equal("""{"text":"Good day","finish_reason":"stop"}""", text["output"]!.ToJsonString());
        Assert.Equal(
            """{"input_tokens":7,"output_tokens":2,"total_tokens":9,"prompt_tokens_details":{"cached_tokens":0}}""",
            text["usage"]!.ToJsonString());
        Assert.StartsWith("req_", (string)text["request_id"]!);
        Assert.Equal("Hi", server.Chat.Calls[1].Messages.Single().Text);
    }

    [Fact]
    public async Task A_stream_repeats_what_was_said_unless_it_is_incremental()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("Good", "day"));

        List<JsonNode> repeated = await StreamAsync(server, """{"result_format":"message"}""");
        List<JsonNode> incremental = await StreamAsync(server, """{"result_format":"message","incremental_output":true}""");
        List<JsonNode> text = await StreamAsync(server, """{"result_format":"text"}""");

        static IEnumerable<string> Said(List<JsonNode> events) =>
            events.Select(piece => (string)piece["output"]!["choices"]![0]!["message"]!["content"]!);

        Assert.Equal(["Good", "Good day", "Good day"], Said(repeated));
        Assert.Equal(["Good", " day", ""], Said(incremental));
        Assert.Equal(["Good", "Good day", "Good day"], text.Select(piece => (string)piece["output"]!["text"]!));
        Assert.Equal(["null", "null", "stop"], text.Select(piece => (string)piece["output"]!["finish_reason"]!));
        Assert.Equal(9, (int)incremental[^1]["usage"]!["total_tokens"]!);
    }

    [Fact]
    public async Task Thoughts_and_calls_have_places_of_their_own()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Updates(
            new ChatResponseUpdate { Contents = [new TextReasoningContent("Hm.")] },
            new ChatResponseUpdate { Contents = [new FunctionCallContent("c", "f", new Dictionary<string, object?> { ["a"] = 1 })] },
            Scripts.End(ChatFinishReason.Stop, 1, 2)));
        const string Tools = """[{"type":"function","function":{"name":"f"}}]""";

        (_, JsonNode reply) = await server.AskAsync(
            Generation, $$$"""{{{{Hi}}},"parameters":{"result_format":"message","tools":{{{Tools}}} } }""");

        Assert.Equal(
            """{"finish_reason":"tool_calls","message":{"content":"","role":"assistant","reasoning_content":"Hm.","tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{\u0022a\u0022:1}"},"type":"function"}]}}""",
            reply["output"]!["choices"]![0]!.ToJsonString());
    }

    [Theory]
    [InlineData(true, """{"ci|ty": "Łó|dź"}|{"city": |"Oslo" }""")]
    [InlineData(false, """{"ci|{"city": "Łó|{"city": "Łódź"}|{"city": |{"city": "Oslo" }""")]
    public async Task Arguments_come_in_pieces_or_as_far_as_they_go(bool isIncremental, string expected)
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.TwoCalls);
        const string Tools = """[{"type":"function","function":{"name":"weather"}}]""";

        List<JsonNode> pieces = await StreamAsync(
            server, $$"""{"result_format":"message","tools":{{Tools}},"incremental_output":{{(isIncremental ? "true" : "false")}} }""");

        JsonArray[] calls = [.. pieces.Select(piece => piece["output"]!["choices"]![0]!["message"]!["tool_calls"]?.AsArray() ?? [])];
        Assert.Equal(
            expected.Split('|'),
            calls.Where(call => call.Count > 0).Select(call => (string)call[^1]!["function"]!["arguments"]!).Where(said => said.Length > 0)
                .Distinct());
        Assert.Equal(isIncremental ? "" : "call_2", (string)calls.Last(call => call.Count > 0)[^1]!["id"]!);
        Assert.Equal("call_1", (string)calls.First(call => call.Count > 0)[0]!["id"]!);
    }

    [Fact]
    public async Task Parameters_arrive()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("Good"));

        (int status, JsonNode reply) = await server.AskAsync(Generation, $$$"""
            {{{{Hi}}},"parameters":{"result_format":"message","incremental_output":true,"temperature":0.25,"top_p":0.5,"top_k":20,"seed":41,
            "max_tokens":300,"stop":["END"],"repetition_penalty":1.25,"presence_penalty":0.5,"n":2,"logprobs":true,"top_logprobs":2,
            "enable_thinking":true,"thinking_budget":1024,"enable_search":false,"search_options":{"forced_search":false},
            "response_format":{"type":"json_object"} } }
            """);

        Assert.True(status == 200, reply.ToJsonString());
        Assert.Equal(2, reply["output"]!["choices"]!.AsArray().Count);
        ChatOptions options = server.Chat.Calls[0].Options;
        Assert.Equal(
            (0.25f, 0.5f, 20, 41L, 300, 0.5f),
            (options.Temperature, options.TopP, options.TopK, options.Seed, options.MaxOutputTokens, options.PresencePenalty));
        Assert.Equal(["END"], options.StopSequences!);
        Assert.Same(ChatResponseFormat.Json, options.ResponseFormat);
        AdditionalChatOptions additional = AdditionalChatOptions.Read(options);
        Assert.Equal((1.25f, true, 1024, 2),
            (additional.RepetitionPenalty, additional.EnableThinking, additional.ThinkingBudget, additional.TopLogprobs));
    }

    [Theory]
    [InlineData("\"enable_search\":true", "parameters.enable_search")]
    [InlineData("\"temperature\":3", "parameters.temperature")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]", "parameters.tools")]
    [InlineData("\"n\":2", "parameters.n")]
    [InlineData("\"vl_high_resolution_images\":true", "parameters.vl_high_resolution_images")]
    public async Task What_is_not_honoured_is_refused_by_name(string parameter, string named)
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("Good"));

        (int status, JsonNode reply) = await server.AskAsync(Generation, $$$"""{{{{Hi}}},"parameters":{ {{{parameter}}} } }""");

        Assert.Equal(["code", "message", "request_id"], reply.AsObject().Select(field => field.Key));
        Assert.Equal((400, "InvalidParameter"), (status, (string)reply["code"]!));
        Assert.Contains($"'{named}'", (string)reply["message"]!);
        Assert.StartsWith("req_", (string)reply["request_id"]!);
    }

    [Fact]
    public async Task Errors_have_the_protocols_codes()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            Scripts.Say("Good"), options => options with { ApiKey = "k" });

        (int locked, JsonNode key) = await server.AskAsync(Generation, $$"""{{{Hi}}}""");
        server.Http.DefaultRequestHeaders.Add("Authorization", "Bearer k");
        (int absent, JsonNode model) = await server.AskAsync(Generation, """{"model":"other","input":{"prompt":"Hi"}}""");
        (int unknown, JsonNode path) = await server.AskAsync("/api/v1/services/aigc/nothing", "{}");

        Assert.Equal((401, "InvalidApiKey"), (locked, (string)key["code"]!));
        Assert.Equal((404, "ModelNotFound"), (absent, (string)model["code"]!));
        Assert.Equal((404, "InvalidURL"), (unknown, (string)path["code"]!));
    }

    [Fact]
    public async Task A_failure_amid_a_stream_is_its_last_event()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync((_, _) => FailLate());

        string stream = await RawStreamAsync(server, "{}");

        Assert.Contains("id:2\nevent:error\n:HTTP_STATUS/500\ndata:{\"code\":\"InternalError\"", stream);
    }

    [Fact]
    public async Task The_compatible_mode_is_answered_as_its_protocol_is()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("Good", "day"));

        (int status, JsonNode reply) = await server.AskAsync(
            "/compatible-mode/v1/chat/completions",
            """{"model":"scripted","messages":[{"role":"user","content":"Hi"}],"enable_thinking":false,"thinking_budget":9,"enable_search":false}""");
        (int unknown, JsonNode error) = await server.AskAsync("/compatible-mode/v1/nothing", "{}");

        Assert.Equal((200, "Good day"), (status, (string)reply["choices"]![0]!["message"]!["content"]!));
        Assert.Equal((404, "unknown_url"), (unknown, (string)error["error"]!["code"]!));
    }

    [Fact]
    public async Task Texts_are_embedded_and_queries_otherwise_than_documents()
    {
        using TemporaryFolder folder = new();
        string path = RandomCheckpoint.Write(folder["embedding.gguf"], Pooling.Last);
        await using QwenServer server = await QwenServer.StartAsync(
            new ServerOptions { Port = 0, Models = [new ModelSource(path, new QwenModelOptions { Threads = 1 })] },
            TestContext.Current.CancellationToken);
        using HttpClient http = new() { BaseAddress = server.Address };

        async Task<JsonNode> Embed(string parameters)
        {
            using HttpResponseMessage reply = await http.PostAsync(
                "/api/v1/services/embeddings/text-embedding/text-embedding",
                new StringContent(
                    $$$"""{"model":"embedding","input":{"texts":["Kærø","高潮"]},"parameters":{{{parameters}}} }""", Encoding.UTF8, "application/json"),
                TestContext.Current.CancellationToken);
            return JsonNode.Parse(await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        }

        JsonNode documents = await Embed("""{"dimension":8,"output_type":"dense"}"""), queries = await Embed("""{"text_type":"query"}""");

        JsonArray first = documents["output"]!["embeddings"]!.AsArray();
        Assert.Equal([0, 1], first.Select(item => (int)item!["text_index"]!));
        Assert.Equal(8, first[0]!["embedding"]!.AsArray().Count);
        Assert.Equal(64, queries["output"]!["embeddings"]![0]!["embedding"]!.AsArray().Count);
        Assert.True((int)queries["usage"]!["total_tokens"]! > (int)documents["usage"]!["total_tokens"]!);
        Assert.Contains("output_type", (string)(await Embed("""{"output_type":"sparse"}"""))["message"]!);
    }

    private static async Task<List<JsonNode>> StreamAsync(ScriptedServer server, string parameters)
    {
        List<JsonNode> data = [];
        foreach (string part in (await RawStreamAsync(server, parameters)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            string[] lines = part.Split('\n');
            Assert.Equal([$"id:{data.Count + 1}", "event:result", ":HTTP_STATUS/200"], lines[..3]);
            data.Add(JsonNode.Parse(lines[3]["data:".Length..])!);
        }

        return data;
    }

    private static async Task<string> RawStreamAsync(ScriptedServer server, string parameters)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, Generation)
        {
            Content = new StringContent($$$"""{{{{Hi}}},"parameters":{{{parameters}}} }""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("X-DashScope-SSE", "enable");
        using HttpResponseMessage reply = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal("text/event-stream", reply.Content.Headers.ContentType!.MediaType);
        return await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> FailLate()
    {
        yield return new ChatResponseUpdate(ChatRole.Assistant, "so far");
        await Task.Yield();
        throw new InvalidOperationException("The script fails.");
    }
}
