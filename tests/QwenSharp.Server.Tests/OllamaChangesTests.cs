using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using QwenSharp.Numerics;
using QwenSharp.Tests;
using QwenSharp.Tests.Hub;

namespace QwenSharp.Server.Tests;

/// <summary>Who may change which models there are, and what becomes of changes that are broken off or have no room.</summary>
public sealed class OllamaChangesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly LocalHub _hub = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public OllamaChangesTests() => Directory.CreateDirectory(_folder["models"]);

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("127.0.0.1", null, HttpStatusCode.OK)]
    [InlineData("0.0.0.0", null, HttpStatusCode.Forbidden)]
    [InlineData("0.0.0.0", "key", HttpStatusCode.OK)]
    public async Task Without_a_key_models_are_changed_on_this_machine_alone(string host, string? key, HttpStatusCode expected)
    {
        await using QwenServer server = await StartAsync(options => options with { Host = host, ApiKey = key, OpenToAll = true });
        using HttpClient client = Client(server);
        client.DefaultRequestHeaders.Authorization = key is null ? null : new("Bearer", key);

        Assert.Equal(expected, (await PostAsync(client, "/api/create", """{"model":"mine","from":"tiny","stream":false}""")).Status);
        Assert.Equal(expected, (await PostAsync(client, "/api/copy", """{"source":"tiny","destination":"other"}""")).Status);
        using HttpRequestMessage delete = new(HttpMethod.Delete, "/api/delete") { Content = Json("""{"model":"other"}""") };
        using HttpResponseMessage deleted = await client.SendAsync(delete, Stop);
        Assert.Equal(expected, deleted.StatusCode);
        using HttpRequestMessage look = new(HttpMethod.Head, $"/api/blobs/sha256:{new string('0', 64)}");
        using HttpResponseMessage seen = await client.SendAsync(look, Stop);
        Assert.Equal(expected == HttpStatusCode.OK ? HttpStatusCode.NotFound : expected, seen.StatusCode);
        if (expected == HttpStatusCode.Forbidden)
        {
            (HttpStatusCode status, JsonNode body) = await PostAsync(client, "/api/pull", $$"""{"model":"{{LocalHub.Repo}}"}""");
            Assert.Equal(expected, status);
            Assert.Contains("has no key", (string)body["error"]!);
            Assert.Equal(HttpStatusCode.OK, (await PostAsync(client, "/api/show", """{"model":"tiny"}""")).Status);
        }
    }

    [Fact]
    public async Task A_pull_ends_with_its_client_and_the_next_goes_on()
    {
        byte[] content = _hub.Files["tiny-q8_0.gguf"] = LocalHub.Content(20_000);
        TaskCompletionSource never = new();
        _hub.Intercept = request =>
            request.IsTransfer ? HubReply.Content(content, request) with { BreakAfter = 2000, Hold = never.Task } : null;
        await using QwenServer server = await StartAsync();
        using HttpClient client = Client(server);
        string pull = $$"""{"model":"{{LocalHub.Repo}}"}""";
        using (HttpRequestMessage request = new(HttpMethod.Post, "/api/pull") { Content = Json(pull) })
        {
            using HttpResponseMessage reply = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Stop);
            using StreamReader lines = new(await reply.Content.ReadAsStreamAsync(Stop));
            Assert.Equal("application/x-ndjson", reply.Content.Headers.ContentType!.MediaType);
            Assert.Equal("pulling manifest", (string)JsonNode.Parse((await lines.ReadLineAsync(Stop))!)!["status"]!);
            Assert.Equal(20_000, (int)JsonNode.Parse((await lines.ReadLineAsync(Stop))!)!["total"]!);
        }

        _hub.Intercept = _ => null;
        (HttpStatusCode status, JsonNode body) = await PostAsync(client, "/api/pull", pull[..^1] + ",\"stream\":false}");

        Assert.Equal((HttpStatusCode.OK, "success"), (status, (string)body["status"]!));
        never.SetResult();
    }

    [Fact]
    public async Task A_model_that_cannot_be_loaded_says_why_and_harms_no_other()
    {
        File.WriteAllText(_folder["models/broken.gguf"], "no model");
        await using QwenServer server = await StartAsync();
        using HttpClient client = Client(server);

        (HttpStatusCode status, JsonNode body) = await PostAsync(client, "/api/generate", """{"model":"broken","prompt":"Hi"}""");
        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.Contains("'broken' could not be loaded", (string)body["error"]!);
        (status, body) = await PostAsync(client, "/v1/completions", """{"model":"broken","prompt":"Hi"}""");
        Assert.Equal((HttpStatusCode.InternalServerError, "model_load_failed"), (status, (string)body["error"]!["code"]!));
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(client, "/v1/completions", """{"model":"tiny","prompt":"Hi"}""")).Status);
    }

    [Fact]
    public async Task Models_share_the_memory_of_the_machine_and_make_room()
    {
        long bytes = new FileInfo(ScriptedCheckpoint.Write(_folder["models/tiny.gguf"])).Length;
        ScriptedCheckpoint.Write(_folder["models/second.gguf"], ["Second"]);
        using MachineResources machine = new(threads: 1, memoryBytes: 2 * bytes);
        await using QwenServer server = await StartAsync(options => options with { Machine = machine });
        using HttpClient client = Client(server);

        (string, string)[] turns = [("tiny", "Hello, world!"), ("second", "Second"), ("tiny", "Hello, world!")];
        foreach ((string model, string said) in turns)
        {
            (_, JsonNode reply) = await PostAsync(
                client,
                "/api/chat",
                $$"""{"model":"{{model}}","stream":false,"options":{"temperature":0},"messages":[{"role":"user","content":"Hi"}]}""");
            Assert.Equal(said, (string)reply["message"]!["content"]!);
            JsonNode loaded = JsonNode.Parse(await client.GetStringAsync("/api/ps", Stop))!["models"]!;
            Assert.Equal($"{model}:latest", (string)Assert.Single(loaded.AsArray())!["name"]!);
        }
    }

    [Fact]
    public async Task A_created_model_answers_in_every_protocol_and_outlives_the_server()
    {
        const string Create = """
            {"model":"brief","from":"tiny","parameters":{"stop":["world"],"temperature":0,"num_ctx":64},"license":"Mine.","stream":false}
            """;
        await using (QwenServer first = await StartAsync())
        {
            using HttpClient maker = Client(first);
            Assert.Equal(HttpStatusCode.OK, (await PostAsync(maker, "/api/create", Create)).Status);
        }

        await using QwenServer server = await StartAsync();
        using HttpClient client = Client(server);
        (_, JsonNode reply) = await PostAsync(
            client, "/v1/chat/completions", """{"model":"brief","messages":[{"role":"user","content":"Hi"}]}""");
        Assert.Equal("Hello, ", (string)reply["choices"]![0]!["message"]!["content"]!);
        Assert.Equal("brief", (string)reply["model"]!);
        JsonNode loaded = Assert.Single(JsonNode.Parse(await client.GetStringAsync("/api/ps", Stop))!["models"]!.AsArray())!;
        Assert.Equal(("brief:latest", 64), ((string)loaded["name"]!, (int)loaded["context_length"]!));
        Assert.Equal("Mine.", (string)(await PostAsync(client, "/api/show", """{"model":"brief"}""")).Body["license"]!);
    }

    private async Task<QwenServer> StartAsync(Func<ServerOptions, ServerOptions>? configure = null)
    {
        if (!File.Exists(_folder["models/tiny.gguf"]))
            ScriptedCheckpoint.Write(_folder["models/tiny.gguf"]);

        ServerOptions options = new()
        {
            Port = 0,
            Models = [],
            DrainTime = TimeSpan.Zero,
            Library = new ModelLibraryOptions
            {
                Folder = _folder["models"],
                Hub = _hub.Options(_folder),
                StateFolder = _folder["state"],
                Options = new QwenModelOptions { Threads = 1 },
            },
        };
        return await QwenServer.StartAsync(configure?.Invoke(options) ?? options, Stop);
    }

    private static HttpClient Client(QwenServer server) => new() { BaseAddress = new Uri($"http://127.0.0.1:{server.Address.Port}") };

    private static StringContent Json(string json) => new(json, Encoding.UTF8, "application/json");

    private static async Task<(HttpStatusCode Status, JsonNode Body)> PostAsync(HttpClient client, string path, string json)
    {
        using StringContent body = Json(json);
        using HttpResponseMessage reply = await client.PostAsync(path, body, Stop);
        string text = await reply.Content.ReadAsStringAsync(Stop);
        return (reply.StatusCode, text.Length > 0 && text[0] == '{' ? JsonNode.Parse(text.Split('\n')[0])! : new JsonObject());
    }
}
