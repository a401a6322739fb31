using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.Tests.Scripted;

/// <summary>A server of one scripted model named <c>scripted</c>, on a free port, with a client for raw requests.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly QwenServer _server;

    private ScriptedServer(QwenServer server, ScriptedChat chat, ScriptedText text)
    {
        _server = server;
        Chat = chat;
        Text = text;
        Http = new HttpClient { BaseAddress = server.Address };
    }

    public ScriptedChat Chat { get; }

    public ScriptedText Text { get; }

    public HttpClient Http { get; }

    public QwenServer Server => _server;

    public static async Task<ScriptedServer> StartAsync(
        Script script, Func<ServerOptions, ServerOptions>? configure = null, params IDialect[] further)
    {
        ServerOptions options = new() { Port = 0, Models = [], DrainTime = TimeSpan.Zero };
        ScriptedChat chat = new(script);
        ScriptedText text = new(script);
        ServedModel model = new("scripted", DateTimeOffset.UnixEpoch.AddSeconds(1_700_000_000), chat, text);
        QwenServer server = await QwenServer.StartAsync(
            configure?.Invoke(options) ?? options,
            [model],
            TestContext.Current.CancellationToken,
            further);
        return new ScriptedServer(server, chat, text);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _server.DisposeAsync();
    }

    /// <summary>Posts a body as it stands.</summary>
    public Task<HttpResponseMessage> PostAsync(string path, string json, string contentType = "application/json") => Http.PostAsync(
        path,
        new StringContent(json, Encoding.UTF8, new MediaTypeHeaderValue(contentType)),
        TestContext.Current.CancellationToken);

    /// <summary>Posts a chat to the scripted model with more fields, and gives the reply's status and JSON.</summary>
    public Task<(int Status, JsonNode Body)> ChatAsync(string fields = "", string messages = """[{"role":"user","content":"Hi"}]""") =>
        AskAsync("/v1/chat/completions", $$"""{"model":"scripted","messages":{{messages}}{{(fields.Length > 0 ? "," + fields : "")}}}""");

    /// <summary>Posts a prompt to the scripted model with more fields, and gives the reply's status and JSON.</summary>
    public Task<(int Status, JsonNode Body)> CompleteAsync(string fields = "", string prompt = "\"Hi\"") =>
        AskAsync("/v1/completions", $$"""{"model":"scripted","prompt":{{prompt}}{{(fields.Length > 0 ? "," + fields : "")}}}""");

    public async Task<(int Status, JsonNode Body)> AskAsync(string path, string json)
    {
        using HttpResponseMessage reply = await PostAsync(path, json);
        string text = await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return ((int)reply.StatusCode, JsonNode.Parse(text)!);
    }

    /// <summary>Posts a request that asks for a stream, and gives the data of its events.</summary>
    public async Task<List<string>> StreamAsync(string path, string json)
    {
        using HttpResponseMessage reply = await PostAsync(path, json);
        Assert.Equal(200, (int)reply.StatusCode);
        Assert.Equal("text/event-stream", reply.Content.Headers.ContentType!.MediaType);
        string text = await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.EndsWith("\n\n", text);
        return [.. text[..^2].Split("\n\n").Select(line =>
        {
            Assert.StartsWith("data: ", line);
            Assert.DoesNotContain('\n', line);
            return line["data: ".Length..];
        })];
    }

    public static List<JsonNode> Json(IEnumerable<string> events) =>
        [.. events.Where(data => data != "[DONE]").Select(data => JsonNode.Parse(data)!)];

    /// <summary>Asserts an error in OpenAI's shape and gives its message.</summary>
    public static string AssertError((int Status, JsonNode Body) reply, int status, string? param, string? code)
    {
        JsonObject error = reply.Body["error"]!.AsObject();
        Assert.Equal(["message", "type", "param", "code"], error.Select(field => field.Key));
        string message = error["message"]!.GetValue<string>();
        Assert.True(status == reply.Status, $"{reply.Status}: {message}");
        Assert.Equal(param, error["param"]?.GetValue<string>());
        Assert.Equal(code, error["code"]?.GetValue<string>());
        Assert.DoesNotContain("   at ", message);
        return message;
    }
}
