using System.Text;
using System.Text.Json.Nodes;
using QwenSharp.Engine;
using QwenSharp.Server.Models;
using QwenSharp.Tests;

namespace QwenSharp.Server.Tests;

/// <summary>The server on a real, tiny model: requests become tokens, and tokens text.</summary>
public sealed class TinyModelTests : IAsyncDisposable
{
    private const string Chat = "/v1/chat/completions";
    private const string Hi = "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]";

    private static readonly string[] Greeting = ["Hello", ", ", "wor", "ld", "!!"];

    private readonly TemporaryFolder _folder = new();
    private QwenModel? _model;
    private QwenServer? _server;
    private HttpClient? _http;

    public async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();

        if (_model is not null)
            await _model.DisposeAsync();

        _folder.Dispose();
    }

    [Fact]
    public async Task A_chat_and_its_stream_say_the_same()
    {
        await StartAsync();

        (int status, JsonNode whole) = await AskAsync(Chat, $"{Hi},\"temperature\":0");
        using HttpResponseMessage reply = await PostAsync(Chat, $"{Hi},\"temperature\":0,\"stream\":true");
        string stream = await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal(200, status);
        Assert.Equal("Hello, world!!", (string)whole["choices"]![0]!["message"]!["content"]!);
        Assert.Equal("stop", (string)whole["choices"]![0]!["finish_reason"]!);
        Assert.Equal(6, (int)whole["usage"]!["completion_tokens"]!);
        List<JsonNode> chunks = Scripted.ScriptedServer.Json(
            stream.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(line => line["data: ".Length..]));
        Assert.Equal("Hello, world!!", string.Concat(chunks.Select(chunk => (string?)chunk["choices"]![0]!["delta"]!["content"])));
    }

    [Fact]
    public async Task A_limit_and_a_stop_end_the_answer()
    {
        await StartAsync();

        (_, JsonNode limited) = await AskAsync(Chat, $"{Hi},\"temperature\":0,\"max_tokens\":3");
        (_, JsonNode stopped) = await AskAsync(Chat, $"{Hi},\"temperature\":0,\"stop\":\"orl\"");

        Assert.Equal(("Hello, wor", "length"), Said(limited));
        Assert.Equal(("Hello, w", "stop"), Said(stopped));
    }

    [Fact]
    public async Task Log_probabilities_spell_the_answer()
    {
        await StartAsync();

        (_, JsonNode body) = await AskAsync(Chat, $"{Hi},\"temperature\":0,\"logprobs\":true,\"top_logprobs\":2");

        JsonArray tokens = body["choices"]![0]!["logprobs"]!["content"]!.AsArray();
        Assert.Equal(["Hello", ", ", "wor", "ld", "!!"], tokens.Select(token => (string)token!["token"]!));
        Assert.Equal(
            "Hello, world!!",
            Encoding.UTF8.GetString([.. tokens.SelectMany(token => token!["bytes"]!.AsArray().Select(value => (byte)(int)value!))]));
        Assert.All(tokens, token => Assert.Equal((double)token!["logprob"]!, (double)token["top_logprobs"]![0]!["logprob"]!, 5));
        Assert.All(tokens, token => Assert.InRange((double)token!["logprob"]!, -20, 0));
    }

    [Fact]
    public async Task A_prompt_is_continued_as_text_or_as_tokens()
    {
        await StartAsync();
        string tokens = $"[{string.Join(',', _model!.EncodePrompt("say\n"))}]";

        (_, JsonNode both) = await AskAsync("/v1/completions", $"\"prompt\":[\"say\\n\",{tokens}],\"temperature\":0,\"logprobs\":1");

        foreach (JsonNode? choice in both["choices"]!.AsArray())
        {
            Assert.Equal("Hello, world!!", (string)choice!["text"]!);
            Assert.Equal([0, 5, 7, 10, 12], choice["logprobs"]!["text_offset"]!.AsArray().Select(offset => (int)offset!));
        }
    }

    [Theory]
    [InlineData("\"max_tokens\":2,\"prompt\":\"\"", "prompt", "invalid_value")]
    [InlineData("\"prompt\":[99999]", "prompt", "invalid_value")]
    [InlineData("\"prompt\":\"\\n\",\"logit_bias\":{\"99999\":1}", "logit_bias", "invalid_value")]
    public async Task What_the_model_refuses_is_named(string fields, string param, string code)
    {
        await StartAsync();

        string message = Scripted.ScriptedServer.AssertError(await AskAsync("/v1/completions", fields), 400, param, code);

        Assert.DoesNotContain("(Parameter", message);
    }

    [Theory]
    [InlineData("\"guided_regex\":\"(?=a)b\"", "guided_regex")]
    [InlineData("\"guided_json\":{\"$ref\":\"#/none\"}", "guided_json")]
    [InlineData("\"guided_grammar\":\"root ::= rest\"", "guided_grammar")]
    [InlineData("\"structured_outputs\":{\"regex\":\"(?=a)b\"}", "structured_outputs.regex")]
    [InlineData("\"structured_outputs\":{\"grammar\":\"root ::= rest\"}", "structured_outputs.grammar")]
    [InlineData("\"grammar\":\"root ::= rest\"", "grammar")]
    [InlineData("\"json_schema\":{\"$ref\":\"#/none\"}", "json_schema")]
    [InlineData("\"response_format\":{\"type\":\"json_object\",\"schema\":{\"$ref\":\"#/none\"}}", "response_format")]
    public async Task A_form_that_cannot_be_enforced_is_named_as_it_was_sent(string fields, string param)
    {
        await StartAsync();
        string message = Scripted.ScriptedServer.AssertError(await AskAsync(Chat, $"{Hi},{fields}"), 400, param, "unsupported_parameter");
        Assert.StartsWith($"'{param}' cannot be enforced", message);
    }

    [Theory]
    [InlineData("/api/chat", "\"format\":{\"$ref\":\"#/none\"}", "'format'")]
    [InlineData("/v1/messages", "\"max_tokens\":9,\"output_format\":FORMAT", "'output_format'")]
    [InlineData("/v1/messages", "\"max_tokens\":9,\"output_config\":{\"format\":FORMAT}", "'output_config.format'")]
    public async Task In_other_dialects_too(string path, string fields, string name)
    {
        await StartAsync();
        fields = fields.Replace("FORMAT", """{"type":"json_schema","schema":{"$ref":"#/none"}}""");
        (int status, JsonNode body) = await AskAsync(path, $"{Hi},{fields}");
        Assert.Equal(400, status);
        Assert.Contains($"{name} cannot be enforced", body.ToJsonString().Replace("\\u0027", "'"));
    }

    [Fact]
    public async Task A_prompt_that_is_too_long_says_so()
    {
        await StartAsync();
        string text = new('x', 5000);

        (int, JsonNode) chat = await AskAsync(Chat, $$"""  "messages":[{"role":"user","content":"{{text}}"}],"stream":true  """);
        (int, JsonNode) plain = await AskAsync("/v1/completions", $"\"prompt\":\"{text}\"");

        Assert.Contains("4096", Scripted.ScriptedServer.AssertError(chat, 400, "messages", "context_length_exceeded"));
        Assert.Contains("5000", Scripted.ScriptedServer.AssertError(plain, 400, "prompt", "context_length_exceeded"));
    }

    [Fact]
    public async Task What_a_template_refuses_is_the_clients_to_mend()
    {
        await StartAsync(template: "{{ raise_exception('Roles must alternate.') }}");

        Assert.Contains(
            "Roles must alternate.",
            Scripted.ScriptedServer.AssertError(await AskAsync(Chat, Hi), 400, "messages", "template_error"));
    }

    [Fact]
    public async Task Every_answer_of_many_at_once_is_the_one_it_gets_alone()
    {
        await StartAsync();
        string[] requests = [.. Enumerable.Range(0, 24).Select(seed => $"{Hi},{Wild()},\"seed\":{seed},\"max_tokens\":{8 + seed}")];
        List<string> alone = [];
        foreach (string request in requests)
            alone.Add((await AskAsync(Chat, request)).Body["choices"]!.ToJsonString());

        (int, JsonNode Body)[] together = await Task.WhenAll(requests.Select(request => AskAsync(Chat, request)));

        Assert.Equal(alone, together.Select(reply => reply.Body["choices"]!.ToJsonString()));
        Assert.Equal(requests.Length, alone.Distinct().Count());
    }

    [Fact]
    public async Task Several_choices_are_what_their_seeds_give()
    {
        await StartAsync();

        (_, JsonNode three) = await AskAsync(Chat, $"{Hi},{Wild()},\"seed\":5,\"n\":3,\"max_tokens\":12");

        for (int choice = 0; choice < 3; choice++)
        {
            (_, JsonNode one) = await AskAsync(Chat, $"{Hi},{Wild()},\"seed\":{5 + choice},\"max_tokens\":12");
            Assert.Equal(Said(one), Said(three, choice));
        }
    }

    [Fact]
    public async Task Choices_are_computed_in_one_batch()
    {
        await StartAsync();

        (_, JsonNode body) = await AskAsync(Chat, $"{Hi},{Wild()},\"n\":8,\"max_tokens\":40");

        Assert.Equal(320, (int)body["usage"]!["completion_tokens"]!);
        Assert.InRange((await IdleAsync()).Steps, 40, 160);
    }

    [Fact]
    public async Task A_client_that_hangs_up_frees_its_sequences()
    {
        await StartAsync();
        using CancellationTokenSource hangUp = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using HttpRequestMessage request = new(HttpMethod.Post, Chat)
        {
            Content = Json($"{Hi},{Wild()},\"n\":4,\"stream\":true"),
        };
        using (HttpResponseMessage reply = await _http!.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, hangUp.Token))
        {
            Stream body = await reply.Content.ReadAsStreamAsync(hangUp.Token);
            await body.ReadExactlyAsync(new byte[200], hangUp.Token);
            await hangUp.CancelAsync();
        }

        EngineStatistics statistics = await IdleAsync();
        Assert.Equal(statistics.KvBlocks, statistics.FreeKvBlocks);
        Assert.Equal(4, statistics.Cancelled + statistics.Completed);
        Assert.Equal(("Hello, world!!", "stop"), Said((await AskAsync(Chat, $"{Hi},\"temperature\":0")).Body));
    }

    [Fact]
    public async Task Models_are_loaded_by_their_options_and_chosen_by_name()
    {
        ServerOptions options = new()
        {
            Port = 0,
            Models =
            [
                new ModelSource(ScriptedCheckpoint.Write(_folder["first.gguf"], ["one"])),
                new ModelSource(ScriptedCheckpoint.Write(_folder["other.gguf"], ["two"]), new QwenModelOptions { Id = "second" }),
            ],
        };
        TaskCompletionSource<QwenServer> started = new();
        using CancellationTokenSource end = new();

        Task run = QwenServer.RunAsync(options, started.SetResult, end.Token);
        QwenServer server = await started.Task.WaitAsync(TestContext.Current.CancellationToken);
        _http = new HttpClient { BaseAddress = server.Address };

        Assert.Equal(["first", "second"], server.Models);
        Assert.Equal("one", Said((await AskAsync(Chat, $"{Hi},\"temperature\":0", "first")).Body).Text);
        Assert.Equal("two", Said((await AskAsync(Chat, $"{Hi},\"temperature\":0", "second")).Body).Text);
        Scripted.ScriptedServer.AssertError(await AskAsync(Chat, Hi, "other"), 404, "model", "model_not_found");
        await end.CancelAsync();
        await run;
        await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(Chat, Hi, "first"));
    }

    [Fact]
    public async Task Adapters_are_models_of_their_own_on_the_same_weights()
    {
        string path = ScriptedCheckpoint.Write(_folder["tiny.gguf"], Greeting);
        Dictionary<string, string> adapters = new()
        {
            ["comma"] = ScriptedAdapter.Write(_folder["comma.gguf"], path, 1),
            ["late"] = ScriptedAdapter.Write(_folder["late"], path, 3),
        };
        ServerOptions options = new()
        {
            Port = 0,
            Models = [new ModelSource(path, new QwenModelOptions { Threads = 1, Adapters = adapters })],
        };
        _server = await QwenServer.StartAsync(options, TestContext.Current.CancellationToken);
        _http = new HttpClient { BaseAddress = _server.Address };

        // All at once, in the batches of one engine.
        string[] names = [.. Enumerable.Range(0, 12).Select(i => (string[])["tiny", "comma", "late"]).SelectMany(name => name)];
        (int Status, JsonNode Body)[] replies = await Task.WhenAll(names.Select(name => AskAsync(Chat, $"{Hi},\"temperature\":0", name)));

        foreach ((string name, (_, JsonNode body)) in names.Zip(replies))
        {
            Assert.Equal(
                (
                    name switch
                    {
                        "tiny" => "Hello, world!!",
                        "comma" => ", world!!",
                        _ => "ld!!",
                    },
                    name),
                (Said(body).Text, (string)body["model"]!));
        }

        Assert.Equal(
            ", world!!",
            (string)(await AskAsync("/v1/completions", "\"prompt\":\"\\n\",\"temperature\":0", "comma")).Body["choices"]![0]!["text"]!);
        JsonNode list = JsonNode.Parse(await _http.GetStringAsync("/v1/models", TestContext.Current.CancellationToken))!;
        Assert.Equal(["tiny", "comma", "late"], list["data"]!.AsArray().Select(model => (string)model!["id"]!));
        string unknown = Scripted.ScriptedServer.AssertError(await AskAsync(Chat, Hi, "other"), 404, "model", "model_not_found");
        Assert.All(["tiny", "comma", "late"], name => Assert.Contains(name, unknown));
    }

    [Fact]
    public async Task A_model_that_cannot_be_loaded_ends_the_start()
    {
        ServerOptions options = new() { Port = 0, Models = [new ModelSource(_folder["absent.gguf"])] };

        await Assert.ThrowsAnyAsync<IOException>(() => QwenServer.StartAsync(options, TestContext.Current.CancellationToken));
    }

    private async Task StartAsync(string? template = null)
    {
        string path = template is null
            ? ScriptedCheckpoint.Write(_folder["tiny.gguf"], Greeting)
            : ScriptedCheckpoint.Write(_folder["tiny.gguf"], Greeting, template);
        _model = QwenModel.Load(path, new QwenModelOptions { Threads = 1 });
        ServerOptions options = new() { Port = 0, Models = [], DrainTime = TimeSpan.Zero };
        _server = await QwenServer.StartAsync(options, [.. ServedModel.Of(_model)], TestContext.Current.CancellationToken);
        _http = new HttpClient { BaseAddress = _server.Address };
    }

    private async Task<(int Status, JsonNode Body)> AskAsync(string path, string fields, string model = "tiny")
    {
        using HttpResponseMessage reply = await PostAsync(path, fields, model);
        return ((int)reply.StatusCode, JsonNode.Parse(await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!);
    }

    private Task<HttpResponseMessage> PostAsync(string path, string fields, string model = "tiny") =>
        _http!.PostAsync(path, Json(fields, model), TestContext.Current.CancellationToken);

    private static StringContent Json(string fields, string model = "tiny") =>
        new($"{{\"model\":\"{model}\",{fields}}}", Encoding.UTF8, "application/json");

    private static (string Text, string Reason) Said(JsonNode body, int choice = 0) =>
        ((string)body["choices"]![choice]!["message"]!["content"]!, (string)body["choices"]![choice]!["finish_reason"]!);

    /// <summary>
    /// Fields that make the model speak at random until a limit: the head gives one token a logit of its own, and those that it could
    /// choose (the words and the ends) are put out of reach, so that all others are equal.
    /// </summary>
    private string Wild()
    {
        IEnumerable<int> words = Enumerable.Range(256, Greeting.Length);
        string bias = string.Join(',', words.Concat(_model!.StopTokens).Select(token => $"\"{token}\":-100"));
        return $"\"temperature\":1,\"top_p\":1,\"top_k\":0,\"logit_bias\":{{{bias}}}";
    }

    /// <summary>The engine's statistics once no sequence is left.</summary>
    private async Task<EngineStatistics> IdleAsync()
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (true)
        {
            EngineStatistics now = _model!.Engine.Statistics;
            if (now is { Running: 0, Waiting: 0 })
                return now;

            await Task.Delay(5, limit.Token);
        }
    }
}
