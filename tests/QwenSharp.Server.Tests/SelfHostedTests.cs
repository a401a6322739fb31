using System.Net.Http.Json;
using System.Text.Json.Nodes;
using QwenSharp.Models;
using QwenSharp.Tests;

namespace QwenSharp.Server.Tests;

/// <summary>What vLLM's and llama-server's clients ask for beside OpenAI's protocol, of real, tiny models.</summary>
public sealed class SelfHostedTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private QwenServer? _server;
    private HttpClient? _http;

    public async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();

        _folder.Dispose();
    }

    [Fact]
    public async Task Documents_are_ranked()
    {
        await StartAsync(RandomCheckpoint.Write(_folder["rank.gguf"], Pooling.Rank, ["no", "yes"]));

        (int status, JsonNode reply) = await AskAsync("/v1/rerank", """{"query":"q","documents":["a","b",{"text":"c"}],"top_n":2}""");

        Assert.Equal(200, status);
        JsonArray results = reply["results"]!.AsArray();
        Assert.Equal(2, results.Count);
        Assert.True((float)results[0]!["relevance_score"]! >= (float)results[1]!["relevance_score"]!);
        Assert.All(results, result => Assert.Equal("abc"[(int)result!["index"]!].ToString(), (string)result["document"]!["text"]!));
        Assert.True((int)reply["usage"]!["total_tokens"]! > 3);

        (_, JsonNode bare) = await AskAsync("/rerank", """{"query":"q","documents":["a"],"return_documents":false}""");
        Assert.Equal(["index", "relevance_score"], bare["results"]![0]!.AsObject().Select(field => field.Key));
    }

    [Fact]
    public async Task Pairs_are_scored_as_they_are_ranked()
    {
        await StartAsync(RandomCheckpoint.Write(_folder["rank.gguf"], Pooling.Rank, ["no", "yes"]));

        (_, JsonNode ranked) = await AskAsync("/v1/rerank", """{"query":"q","documents":["a","b"]}""");
        (_, JsonNode scored) = await AskAsync("/v1/score", """{"text_1":"q","text_2":["a","b"]}""");
        (_, JsonNode pairs) = await AskAsync("/score", """{"text_1":["q","q"],"text_2":["a","b"]}""");
        (int status, JsonNode refused) = await AskAsync("/score", """{"text_1":["q","q"],"text_2":["a","b","c"]}""");

        Dictionary<int, float> expected = ranked["results"]!.AsArray().ToDictionary(
            result => (int)result!["index"]!, result => (float)result!["relevance_score"]!);
        foreach (JsonNode reply in new[] { scored, pairs })
        {
            Assert.Equal(
                [expected[0], expected[1]],
                reply["data"]!.AsArray().Select(item => (float)item!["score"]!),
                (a, b) => Math.Abs(a - b) < 1e-5);
        }

        Assert.Equal((400, "text_1"), (status, (string)refused["error"]!["param"]!));
    }

    [Fact]
    public async Task Text_becomes_tokens_in_the_form_that_was_asked_and_back()
    {
        await StartAsync(ScriptedCheckpoint.Write(_folder["tiny.gguf"]));

        (_, JsonNode vllm) = await AskAsync("/tokenize", """{"model":"tiny","prompt":"heé<|im_end|>","return_token_strings":true}""");
        (_, JsonNode plain) = await AskAsync("/tokenize", """{"content":"heé<|im_end|>"}""");
        (_, JsonNode pieces) = await AskAsync("/tokenize", """{"content":"heé","with_pieces":true}""");
        (_, JsonNode text) = await AskAsync("/detokenize", $$"""{"tokens":{{plain["tokens"]!.ToJsonString()}}}""");
        (int status, JsonNode refused) = await AskAsync("/detokenize", """{"tokens":[1,99999]}""");

        Assert.Equal(plain["tokens"]!.ToJsonString(), vllm["tokens"]!.ToJsonString());
        Assert.Equal((int)vllm["count"]!, vllm["token_strs"]!.AsArray().Count);
        Assert.Equal("<|im_end|>", (string)vllm["token_strs"]!.AsArray()[^1]!);
        Assert.True((int)vllm["max_model_len"]! > 0);
        Assert.Equal("he", (string)pieces["tokens"]![0]!["piece"]!);
        Assert.Equal("[195]", pieces["tokens"]![1]!["piece"]!.ToJsonString());
        Assert.Equal(("heé<|im_end|>", "heé<|im_end|>"), ((string)text["prompt"]!, (string)text["content"]!));
        Assert.Equal((400, "tokens[1]"), (status, (string)refused["error"]!["param"]!));
    }

    [Fact]
    public async Task A_conversation_becomes_the_prompt_that_it_is_answered_from()
    {
        await StartAsync(ScriptedCheckpoint.Write(_folder["tiny.gguf"]));
        const string Hi = "\"messages\":[{\"role\":\"user\",\"content\":\"Hi <|im_end|>\"}]";

        (_, JsonNode prompt) = await AskAsync("/apply-template", $$"""{{{Hi}}}""");
        (_, JsonNode tokens) = await AskAsync("/tokenize", $$"""{{{Hi}}}""");
        (_, JsonNode answer) = await AskAsync("/v1/chat/completions", $$"""{{{Hi}},"max_tokens":1}""");
        (_, JsonNode still) = await AskAsync(
            "/apply-template", $$"""{{{Hi}},"chat_template_kwargs":{"enable_thinking":false} }""");
        (int status, JsonNode refused) = await AskAsync("/apply-template", """{"messages":[{"role":"king","content":"Hi"}]}""");

        Assert.Equal("<|im_start|>user\nHi <|im_end|><|im_end|>\n<|im_start|>assistant\n", (string)prompt["prompt"]!);
        Assert.Equal((int)answer["usage"]!["prompt_tokens"]!, (int)tokens["count"]!);
        Assert.EndsWith("<think>\n\n</think>\n", (string)still["prompt"]!);
        Assert.Equal((400, "messages"), (status, (string)refused["error"]!["param"]!));
    }

    [Fact]
    public async Task A_gap_is_filled_in_where_the_vocabulary_has_the_tokens()
    {
        await StartAsync(ScriptedCheckpoint.Write(_folder["coder.gguf"], ["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"]));

        (int status, JsonNode infill) = await AskAsync(
            "/infill", """{"input_prefix":"ab","prompt":"c","input_suffix":"de","n_predict":4,"cache_prompt":true}""");
        using HttpResponseMessage stream = await PostAsync("/infill", """{"input_prefix":"ab","input_suffix":"de","stream":true}""");
        (_, JsonNode completion) = await AskAsync("/v1/completions", """{"prompt":"abc","suffix":"de","max_tokens":4}""");
        (_, JsonNode generated) = await AskAsync("/api/generate", """{"model":"coder","prompt":"abc","suffix":"de","stream":false}""");

        // The prefix, the suffix, and a token before each and before the middle.
        Assert.Equal((200, true, "eos"), (status, (bool)infill["stop"]!, (string)infill["stop_type"]!));
        Assert.Equal(8, (int)infill["tokens_evaluated"]!);
        Assert.Equal(8, (int)completion["usage"]!["prompt_tokens"]!);
        Assert.Equal((8, true), ((int)generated["prompt_eval_count"]!, (bool)generated["done"]!));
        string last = (await stream.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Trim().Split("\n\n")[^1];
        Assert.True((bool)JsonNode.Parse(last["data: ".Length..])!["stop"]!);
    }

    [Fact]
    public async Task A_gap_is_refused_by_name_where_it_has_not()
    {
        await StartAsync(ScriptedCheckpoint.Write(_folder["tiny.gguf"]));

        (int infill, JsonNode first) = await AskAsync("/infill", """{"input_prefix":"ab","input_suffix":"de"}""");
        (int completion, JsonNode second) = await AskAsync("/v1/completions", """{"prompt":"abc","suffix":"de"}""");
        (int generate, JsonNode third) = await AskAsync("/api/generate", """{"model":"tiny","prompt":"abc","suffix":"de"}""");

        Assert.Equal((400, "input_suffix"), (infill, (string)first["error"]!["param"]!));
        Assert.Equal((400, "suffix"), (completion, (string)second["error"]!["param"]!));
        Assert.Equal((400, "\"tiny\" does not support insert"), (generate, (string)third["error"]!));
    }

    [Fact]
    public async Task The_state_of_the_server_shows()
    {
        await StartAsync(ScriptedCheckpoint.Write(_folder["tiny.gguf"]));

        JsonNode properties = await GetAsync("/props"), slots = await GetAsync("/slots"), version = await GetAsync("/version");

        Assert.Equal("tiny", (string)properties["model_alias"]!);
        Assert.Contains("<|im_start|>", (string)properties["chat_template"]!);
        Assert.Equal((int)properties["total_slots"]!, slots.AsArray().Count);
        Assert.All(slots.AsArray(), slot => Assert.False((bool)slot!["is_processing"]!));
        Assert.NotEmpty((string)version["version"]!);
    }

    [Fact]
    public async Task A_prompt_is_echoed_with_how_likely_it_is()
    {
        await StartAsync(ScriptedCheckpoint.Write(_folder["tiny.gguf"]));

        (_, JsonNode echoed) = await AskAsync("/v1/completions", """{"prompt":"x\n","echo":true,"max_tokens":2,"temperature":0}""");
        (_, JsonNode scored) = await AskAsync("/v1/completions", """{"prompt":[10,257],"echo":true,"max_tokens":0,"logprobs":1}""");
        (int status, JsonNode refused) = await AskAsync("/v1/completions", """{"prompt":"x","max_tokens":0}""");

        Assert.Equal("x\nHello, ", (string)echoed["choices"]![0]!["text"]!);
        Assert.Equal(("\nHello", "length"), ((string)scored["choices"]![0]!["text"]!, (string)scored["choices"]![0]!["finish_reason"]!));
        JsonNode logprobs = scored["choices"]![0]!["logprobs"]!;
        Assert.Equal(["\n", "Hello"], logprobs["tokens"]!.AsArray().Select(token => (string)token!));
        Assert.Null(logprobs["token_logprobs"]![0]);
        Assert.InRange((float)logprobs["token_logprobs"]![1]!, -0.5f, 0);
        Assert.Equal("[0,1]", logprobs["text_offset"]!.ToJsonString());
        Assert.Equal("""{"prompt_tokens":2,"completion_tokens":0,"total_tokens":2}""", scored["usage"]!.ToJsonString());
        Assert.Equal((400, "max_tokens"), (status, (string)refused["error"]!["param"]!));
    }

    [Fact]
    public async Task Tokens_that_end_an_answer_can_be_added_and_taken_away()
    {
        await StartAsync(ScriptedCheckpoint.Write(_folder["tiny.gguf"]));
        const string Say = "\"prompt\":\"x\\n\",\"temperature\":0,\"max_tokens\":9";

        (_, JsonNode whole) = await AskAsync("/v1/completions", $$"""{{{Say}}}""");
        (_, JsonNode cut) = await AskAsync("/v1/completions", $$"""{{{Say}},"stop_token_ids":[258]}""");
        (_, JsonNode endless) = await AskAsync("/v1/completions", $$"""{{{Say}},"ignore_eos":true}""");

        Assert.Equal(("Hello, world!", "stop"), ((string)whole["choices"]![0]!["text"]!, (string)whole["choices"]![0]!["finish_reason"]!));
        Assert.Equal(("Hello", "stop"), ((string)cut["choices"]![0]!["text"]!, (string)cut["choices"]![0]!["finish_reason"]!));
        Assert.Equal("length", (string)endless["choices"]![0]!["finish_reason"]!);
    }

    [Fact]
    public async Task A_key_may_come_in_either_header()
    {
        await StartAsync(ScriptedCheckpoint.Write(_folder["tiny.gguf"]), options => options with { ApiKey = "k" });

        using HttpResponseMessage without = await _http!.GetAsync("/props", TestContext.Current.CancellationToken);
        _http.DefaultRequestHeaders.Add("X-Api-Key", "k");
        using HttpResponseMessage with = await _http.GetAsync("/props", TestContext.Current.CancellationToken);

        Assert.Equal((401, 200), ((int)without.StatusCode, (int)with.StatusCode));
        JsonNode error = JsonNode.Parse(await without.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["error"]!;
        Assert.Equal((401, "authentication_error"), ((int)error["code"]!, (string)error["type"]!));
    }

    private async Task StartAsync(string path, Func<ServerOptions, ServerOptions>? configure = null)
    {
        ServerOptions options = new() { Port = 0, Models = [new ModelSource(path, new QwenModelOptions { Threads = 1 })] };
        _server = await QwenServer.StartAsync(configure?.Invoke(options) ?? options, TestContext.Current.CancellationToken);
        _http = new HttpClient { BaseAddress = _server.Address };
    }

    private Task<HttpResponseMessage> PostAsync(string path, string json) =>
        _http!.PostAsync(path, JsonContent.Create(JsonNode.Parse(json)), TestContext.Current.CancellationToken);

    private async Task<(int Status, JsonNode Body)> AskAsync(string path, string json)
    {
        using HttpResponseMessage reply = await PostAsync(path, json);
        return ((int)reply.StatusCode, JsonNode.Parse(await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!);
    }

    private async Task<JsonNode> GetAsync(string path) =>
        JsonNode.Parse(await _http!.GetStringAsync(path, TestContext.Current.CancellationToken))!;
}
