using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Server.Tests.Scripted;

namespace QwenSharp.Server.Tests;

public class ChatCompletionTests
{
    [Fact]
    public async Task An_answer_comes_with_its_usage()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("Good", "day"));

        (int status, JsonNode body) = await server.ChatAsync();

        Assert.Equal(200, status);
        Assert.StartsWith("chatcmpl-", (string)body["id"]!);
        Assert.Equal("chat.completion", (string)body["object"]!);
        Assert.Equal("scripted", (string)body["model"]!);
        Assert.InRange((long)body["created"]!, 1_700_000_000, 10_000_000_000);
        JsonNode choice = Assert.Single(body["choices"]!.AsArray())!;
        Assert.Equal(
            """{"index":0,"message":{"content":"Good day","role":"assistant","refusal":null},"logprobs":null,"finish_reason":"stop"}""",
            choice.ToJsonString());
        Assert.Equal("""{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}""", body["usage"]!.ToJsonString());
    }

    [Fact]
    public async Task A_stream_gives_role_then_text_then_reason_then_usage_then_done()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("Good", "day"));

        List<string> events = await server.StreamAsync(
            "/v1/chat/completions",
            """{"model":"scripted","messages":[{"role":"user","content":"Hi"}],"stream":true,"stream_options":{"include_usage":true}}""");

        Assert.Equal("[DONE]", events[^1]);
        List<JsonNode> chunks = ScriptedServer.Json(events);
        Assert.Single(chunks.Select(chunk => (string)chunk["id"]!).Distinct());
        Assert.All(chunks, chunk => Assert.Equal("chat.completion.chunk", (string)chunk["object"]!));
        Assert.Equal(
            [
                """[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]""",
                """[{"index":0,"delta":{"content":"Good"},"logprobs":null,"finish_reason":null}]""",
                """[{"index":0,"delta":{"content":" day"},"logprobs":null,"finish_reason":null}]""",
                """[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]""",
                "[]",
            ],
            chunks.Select(chunk => chunk["choices"]!.ToJsonString()));
        Assert.All(chunks[..^1], chunk => Assert.Null(chunk["usage"]));
        Assert.Equal(9, (int)chunks[^1]["usage"]!["total_tokens"]!);
    }

    [Fact]
    public async Task A_stream_without_stream_options_has_no_usage()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("Good"));

        List<string> events = await server.StreamAsync(
            "/v1/chat/completions", """{"model":"scripted","messages":[{"role":"user","content":"Hi"}],"stream":true}""");

        Assert.All(ScriptedServer.Json(events), chunk => Assert.Null(chunk["usage"]));
    }

    [Fact]
    public async Task Several_choices_are_independent_sequences_with_seeds_that_count_up()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            (call, token) => Scripts.Say($"seed {call.Options.Seed}")(call, token));

        (_, JsonNode body) = await server.ChatAsync("\"n\":3,\"seed\":41");

        Assert.Equal(
            ["seed 41", "seed 42", "seed 43"],
            body["choices"]!.AsArray().OrderBy(choice => (int)choice!["index"]!).Select(choice => (string)choice!["message"]!["content"]!));
        Assert.Equal("""{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}""", body["usage"]!.ToJsonString());
        Assert.Single(server.Chat.Calls);
    }

    [Fact]
    public async Task Reasoning_is_apart_from_the_answer()
    {
        ChatResponseUpdate[] updates =
        [
            new() { Contents = [new TextReasoningContent("Hm")] },
            new() { Contents = [new TextReasoningContent("m.")] },
            new() { Contents = [new TextContent("Yes.")] },
            Scripts.End(ChatFinishReason.Stop, 3, 4),
        ];
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Updates(updates));

        (_, JsonNode body) = await server.ChatAsync();
        List<string> events = await server.StreamAsync(
            "/v1/chat/completions", """{"model":"scripted","messages":[{"role":"user","content":"Hi"}],"stream":true}""");

        JsonNode message = body["choices"]![0]!["message"]!;
        Assert.Equal("Hmm.", (string)message["reasoning_content"]!);
        Assert.Equal("Yes.", (string)message["content"]!);
        Assert.Equal(
            [
                """{"role":"assistant","content":""}""",
                """{"reasoning_content":"Hm"}""",
                """{"reasoning_content":"m."}""",
                """{"content":"Yes."}""",
                "{}",
            ],
            ScriptedServer.Json(events).Select(chunk => chunk["choices"]![0]!["delta"]!.ToJsonString()));
    }

    [Fact]
    public async Task Tool_calls_are_whole_deltas_and_end_with_their_own_reason()
    {
        ChatResponseUpdate[] updates =
        [
            new()
            {
                Contents =
                [
                    new FunctionCallContent("call_1", "weather", new Dictionary<string, object?> { ["city"] = "São Paulo", ["days"] = 2 }),
                ],
            },
            new() { Contents = [new FunctionCallContent("call_2", "clock")] },
            Scripts.End(ChatFinishReason.Stop, 3, 4),
        ];
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Updates(updates));
        const string Tools =
            """ "tools":[{"type":"function","function":{"name":"weather","description":"d","parameters":{"type":"object"}}}]""";

        (_, JsonNode body) = await server.ChatAsync(Tools);
        List<string> events = await server.StreamAsync(
            "/v1/chat/completions", $$"""{"model":"scripted","messages":[{"role":"user","content":"Hi"}],"stream":true,{{Tools}}}""");

        JsonNode choice = body["choices"]![0]!;
        Assert.Equal("tool_calls", (string)choice["finish_reason"]!);
        Assert.Null(choice["message"]!["content"]);
        Assert.Equal(
            """[{"id":"call_1","function":{"name":"weather","arguments":"{\"city\":\"São Paulo\",\"days\":2}"},"type":"function"},{"id":"call_2","function":{"name":"clock","arguments":"{}"},"type":"function"}]""",
            Unescaped(choice["message"]!["tool_calls"]!));
        List<JsonNode> chunks = ScriptedServer.Json(events);
        Assert.Equal(0, (int)chunks[1]["choices"]![0]!["delta"]!["tool_calls"]![0]!["index"]!);
        Assert.Equal(1, (int)chunks[2]["choices"]![0]!["delta"]!["tool_calls"]![0]!["index"]!);
        Assert.Equal("tool_calls", (string)chunks[^1]["choices"]![0]!["finish_reason"]!);

        AIFunctionDeclaration tool = Assert.IsType<AIFunctionDeclaration>(
            Assert.Single(server.Chat.Calls[0].Options.Tools!),
            exactMatch: false);
        Assert.Equal(("weather", "d", """{"type":"object"}"""), (tool.Name, tool.Description, tool.JsonSchema.GetRawText()));
    }

    [Fact]
    public async Task A_call_in_the_older_form_comes_in_pieces_too_and_Ollamas_whole()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.TwoCalls);

        List<JsonNode> chunks = ScriptedServer.Json(await server.StreamAsync(
            "/v1/chat/completions",
            """{"model":"scripted","messages":[{"role":"user","content":"Hi"}],"stream":true,"functions":[{"name":"weather"}]}"""));
        using HttpResponseMessage reply = await server.PostAsync(
            "/api/chat",
            """{"model":"scripted","messages":[{"role":"user","content":"Hi"}],"tools":[{"type":"function","function":{"name":"weather"}}]}""");
        string lines = await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        JsonNode[] deltas = [.. chunks.Select(chunk => chunk["choices"]![0]!["delta"]!["function_call"]).OfType<JsonNode>()];
        Assert.Equal("weather", (string)deltas[0]["name"]!);
        Assert.Equal("{\"city\": \"Łódź\"}", string.Concat(deltas.Select(delta => (string)delta["arguments"]!)));
        Assert.Equal(
            ["{\"city\":\"Łódź\"}", "{\"city\":\"Oslo\"}"],
            lines.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .SelectMany(line => JsonNode.Parse(line)!["message"]!["tool_calls"]?.AsArray() ?? [])
                .Select(call => Unescaped(call!["function"]!["arguments"]!)));
    }

    [Fact]
    public async Task Log_probabilities_stand_with_the_text_that_they_belong_to()
    {
        ChatResponseUpdate[] updates =
        [
            new() { AdditionalProperties = new() { [ChatOptionKeys.Logprobs] = Tokens(0xC3) } },
            new() { Contents = [new TextContent("é")], AdditionalProperties = new() { [ChatOptionKeys.Logprobs] = Tokens(0xA9) } },
            Scripts.End(ChatFinishReason.Length, 3, 2),
        ];
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Updates(updates));

        (_, JsonNode body) = await server.ChatAsync("\"logprobs\":true,\"top_logprobs\":1");

        JsonNode choice = body["choices"]![0]!;
        Assert.Equal("length", (string)choice["finish_reason"]!);
        JsonArray content = choice["logprobs"]!["content"]!.AsArray();
        Assert.Equal([0xC3, 0xA9], content.Select(token => (int)token!["bytes"]![0]!));
        Assert.Equal(-0.5, (double)content[0]!["logprob"]!, 6);
        Assert.Equal("x", (string)content[0]!["top_logprobs"]![0]!["token"]!);
        Assert.Equal(true, server.Chat.Calls[0].Options.AdditionalProperties![ChatOptionKeys.Logprobs]);
        Assert.Equal(1, server.Chat.Calls[0].Options.AdditionalProperties![ChatOptionKeys.TopLogprobs]);
    }

    [Fact]
    public async Task Many_clients_at_once_get_their_own_answers()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Echo);

        (int, JsonNode)[] replies = await Task.WhenAll(Enumerable.Range(0, 64).Select(client =>
            server.ChatAsync(messages: $$"""[{"role":"user","content":"client {{client}} speaks"}]""")));

        Assert.Equal(
            Enumerable.Range(0, 64).Select(client => $"client {client} speaks"),
            replies.Select(reply => (string)reply.Item2["choices"]![0]!["message"]!["content"]!));
    }

    private static IReadOnlyList<TextToken> Tokens(byte value) =>
        [new(0, new[] { value }, -0.5f, [new TextToken(1, "x"u8.ToArray(), -1.5f, [])])];

    private static string Unescaped(JsonNode node) =>
        node.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
