using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using QwenSharp.Engine;
using QwenSharp.Server.Models;
using QwenSharp.Server.Tests.Anthropic;
using QwenSharp.Server.Tests.Scripted;
using QwenSharp.Tests;

namespace QwenSharp.Server.Tests;

/// <summary>Calls that never come to their end, of a model that writes the same in its arguments for ever.</summary>
public sealed class CutCallTests : IAsyncDisposable
{
    private const string Schema = """{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}""";

    private const string Hi = """
        "messages":[{"role":"user","content":"Hi"}],"temperature":0
        """;

    private const string OpenAITools = $$$"""{{{Hi}}},"tools":[{"type":"function","function":{"name":"weather","parameters":{{{Schema}}}}}]""";

    private const string AnthropicTools = $$"""{{Hi}},"max_tokens":4000,"tools":[{"name":"weather","input_schema":{{Schema}}}]""";

    // At random, and without a quotation mark, the string goes on up to the end of the context.
    private const string Endless = """
        "temperature":1,"top_p":1,"top_k":0,"stream":true,"logit_bias":{"34":-100}
        """;

    private readonly TemporaryFolder _folder = new();
    private QwenModel? _model;
    private QwenServer? _server;
    private HttpClient? _http;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

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
    public async Task A_streamed_call_that_goes_round_in_circles_is_ended_and_says_so()
    {
        await StartAsync();

        List<JsonNode> chunks = ScriptedServer.Json(await EventsAsync("/v1/chat/completions", OpenAITools));
        JsonNode whole = JsonNode.Parse(await TextAsync("/v1/chat/completions", OpenAITools))!;

        List<JsonNode> choices = [.. chunks.SelectMany(chunk => chunk["choices"]!.AsArray()).Select(choice => choice!)];
        JsonNode[] calls = [.. choices.SelectMany(choice => choice["delta"]!["tool_calls"]?.AsArray() ?? []).Select(call => call!)];
        string arguments = string.Concat(calls.Select(call => (string?)call["function"]!["arguments"]));
        JsonNode first = Assert.Single(calls, call => call["function"]!["name"] is not null);
        Assert.Equal("weather", (string?)first["function"]!["name"]);
        Assert.True(calls.Length > 100, $"{calls.Length} pieces");
        Assert.Matches("^\\{[\\s\\S]*([\\s\\S])\\1{300,}$", arguments);
        Assert.DoesNotContain(choices, choice => ((string?)choice["delta"]!["content"])?.Length > 0);
        Assert.Equal(("length", "repetition"), ((string?)choices[^1]["finish_reason"], (string?)choices[^1]["stop_reason"]));

        Assert.Equal(arguments, (string?)whole["choices"]![0]!["message"]!["tool_calls"]![0]!["function"]!["arguments"]);
        Assert.Equal("length", (string?)whole["choices"]![0]!["finish_reason"]);
        await IdleAsync();
    }

    [Fact]
    public async Task In_other_dialects_its_events_end_in_their_order()
    {
        await StartAsync();

        List<(string Name, JsonNode Data)> events = MessageEvents.Read(
            await TextAsync("/v1/messages", AnthropicTools + ",\"stream\":true"));

        MessageEvents.AssertOrder(events);
        JsonNode block = events.Single(next => next.Name == "content_block_start").Data["content_block"]!;
        Assert.Equal(("tool_use", "weather"), ((string?)block["type"], (string?)block["name"]));
        Assert.StartsWith("{", string.Concat(events.Select(next => (string?)next.Data["delta"]?["partial_json"])));
        Assert.Equal("end_turn", (string?)events[^2].Data["delta"]!["stop_reason"]);
        await IdleAsync();
    }

    [Fact]
    public async Task A_client_that_leaves_in_the_middle_of_a_call_ends_the_work()
    {
        await StartAsync();
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = Json(OpenAITools.Replace("\"temperature\":0", Endless)),
        };
        using (HttpResponseMessage reply = await _http!.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Stop))
        {
            using StreamReader lines = new(await reply.Content.ReadAsStreamAsync(Stop));
            for (int pieces = 0; pieces < 5;)
                pieces += (await lines.ReadLineAsync(Stop))!.Contains("\"arguments\":\"", StringComparison.Ordinal) ? 1 : 0;
        }

        EngineStatistics statistics = await IdleAsync();
        Assert.Equal((1, 0), (statistics.Cancelled, statistics.Completed));
        Assert.Equal(statistics.KvBlocks, statistics.FreeKvBlocks);
    }

    private async Task StartAsync()
    {
        _model = QwenModel.Load(ScriptedCheckpoint.Write(_folder["tiny.gguf"], ["<tool_call>"]), new QwenModelOptions { Threads = 1 });
        ServerOptions options = new() { Port = 0, Models = [], DrainTime = TimeSpan.Zero };
        _server = await QwenServer.StartAsync(options, [.. ServedModel.Of(_model)], Stop);

        // Who leaves hangs up, and does not read to the end to keep the connection.
        _http = new HttpClient(new SocketsHttpHandler { MaxResponseDrainSize = 0 }) { BaseAddress = _server.Address };
    }

    private async Task<List<string>> EventsAsync(string path, string fields) =>
        [.. (await TextAsync(path, fields + ",\"stream\":true")).Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line["data: ".Length..])];

    private async Task<string> TextAsync(string path, string fields)
    {
        using HttpResponseMessage reply = await _http!.PostAsync(path, Json(fields), Stop);
        return await reply.Content.ReadAsStringAsync(Stop);
    }

    private static StringContent Json(string fields) =>
        new($"{{\"model\":\"tiny\",{fields}}}", Encoding.UTF8, new MediaTypeHeaderValue("application/json"));

    /// <summary>The engine's statistics once no sequence is left.</summary>
    private async Task<EngineStatistics> IdleAsync()
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (_model!.Engine.Statistics is not { Running: 0, Waiting: 0 })
            await Task.Delay(5, limit.Token);

        return _model.Engine.Statistics;
    }
}
