using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Server.Tests.Scripted;

namespace QwenSharp.Server.Tests;

public class CompletionTests
{
    [Fact]
    public async Task A_prompt_is_continued()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("there", "was"));

        (int status, JsonNode body) = await server.CompleteAsync(prompt: "\"Once\"");

        Assert.Equal(200, status);
        Assert.StartsWith("cmpl-", (string)body["id"]!);
        Assert.Equal("text_completion", (string)body["object"]!);
        Assert.Equal("""[{"text":"there was","index":0,"logprobs":null,"finish_reason":"stop"}]""", body["choices"]!.ToJsonString());
        Assert.Equal("""{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}""", body["usage"]!.ToJsonString());
        Assert.Equal("Once", server.Text.Calls[0].Messages[0].Text);
        Assert.Equal(16, server.Text.Calls[0].Options.MaxOutputTokens);
    }

    [Fact]
    public async Task A_stream_gives_the_pieces_and_its_usage()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("there", "was"));

        List<string> events = await server.StreamAsync(
            "/v1/completions", """{"model":"scripted","prompt":"Once","stream":true,"stream_options":{"include_usage":true}}""");

        Assert.Equal("[DONE]", events[^1]);
        List<JsonNode> chunks = ScriptedServer.Json(events);
        Assert.Equal(["there", " was", ""], chunks[..^1].Select(chunk => (string)chunk["choices"]![0]!["text"]!));
        Assert.Equal([null, null, "stop"], chunks[..^1].Select(chunk => (string?)chunk["choices"]![0]!["finish_reason"]));
        Assert.Equal(2, (int)chunks[^1]["usage"]!["completion_tokens"]!);
    }

    [Theory]
    [InlineData("""["a","b"]""", new[] { "a", "a", "b", "b" })]
    [InlineData("[1,2,3]", new[] { "1 2 3", "1 2 3" })]
    [InlineData("[[1,2],[3]]", new[] { "1 2", "1 2", "3", "3" })]
    public async Task Each_prompt_has_n_answers_in_order(string prompt, string[] expected)
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Echo);

        (_, JsonNode body) = await server.CompleteAsync("\"n\":2", prompt);

        Assert.Equal(expected, body["choices"]!.AsArray().Select(choice => (string)choice!["text"]!));
        Assert.Equal(Enumerable.Range(0, expected.Length), body["choices"]!.AsArray().Select(choice => (int)choice!["index"]!));
        Assert.Equal(7 * expected.Length / 2, (int)body["usage"]!["prompt_tokens"]!);
    }

    [Fact]
    public async Task Log_probabilities_come_as_lists_with_offsets()
    {
        ChatResponseUpdate[] updates =
        [
            Update("Good", Token("Good", -0.25f, Token("Bad", -0.125f), Token("Good", -0.25f))),
            Update(" day", Token(" day", -0.5f, Token(" night", -0.25f))),
            Scripts.End(ChatFinishReason.Stop, 1, 2),
        ];
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Updates(updates));

        (_, JsonNode body) = await server.CompleteAsync("\"logprobs\":2");

        Assert.Equal(
            """{"tokens":["Good"," day"],"token_logprobs":[-0.25,-0.5],"top_logprobs":[{"Bad":-0.125,"Good":-0.25},{" night":-0.25," day":-0.5}],"text_offset":[0,4]}""",
            body["choices"]![0]!["logprobs"]!.ToJsonString());
        Assert.Equal(2, server.Text.Calls[0].Options.AdditionalProperties![ChatOptionKeys.TopLogprobs]);
    }

    [Fact]
    public async Task The_likeliest_answers_are_given_and_all_are_paid_for()
    {
        int asked = 0;
        await using ScriptedServer server = await ScriptedServer.StartAsync((_, _) =>
        {
            int place = Interlocked.Increment(ref asked);
            return new[] { Update($"{place}", Token("x", -1f / place)), Scripts.End(ChatFinishReason.Stop, 7, 1) }.ToAsyncEnumerable();
        });

        (_, JsonNode body) = await server.CompleteAsync("\"best_of\":3,\"n\":2");

        Assert.Equal(["3", "2"], body["choices"]!.AsArray().Select(choice => (string)choice!["text"]!));
        Assert.Equal([0, 1], body["choices"]!.AsArray().Select(choice => (int)choice!["index"]!));
        Assert.All(body["choices"]!.AsArray(), choice => Assert.Null(choice!["logprobs"]));
        Assert.Equal("""{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}""", body["usage"]!.ToJsonString());
    }

    private static TextToken Token(string text, float logprob, params TextToken[] top) =>
        new(0, System.Text.Encoding.UTF8.GetBytes(text), logprob, top);

    private static ChatResponseUpdate Update(string text, TextToken token) => new(ChatRole.Assistant, text)
    {
        AdditionalProperties = new() { [ChatOptionKeys.Logprobs] = new List<TextToken> { token } },
    };
}
