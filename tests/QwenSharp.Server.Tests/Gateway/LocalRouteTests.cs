using System.Text.Json.Nodes;
using QwenSharp.Faults;
using QwenSharp.Gateway.Configuration;
using QwenSharp.Server.Tests.Scripted;

namespace QwenSharp.Server.Tests.Gateway;

/// <summary>Routes to models of the server itself.</summary>
public class LocalRouteTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/v1/chat/completions", """{"model":"NAME","messages":[{"role":"user","content":"Hi"}]}""", "$.choices[0].message.content")]
    [InlineData("/v1/messages", """{"model":"NAME","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}""", "$.content[0].text")]
    [InlineData("/v1/responses", """{"model":"NAME","input":"Hi"}""", "$.output[0].content[0].text")]
    [InlineData("/api/chat", """{"model":"NAME","stream":false,"messages":[{"role":"user","content":"Hi"}]}""", "$.message.content")]
    [InlineData("/api/generate", """{"model":"NAME","stream":false,"prompt":"Hi"}""", "$.response")]
    [InlineData(
        "/api/v1/services/aigc/text-generation/generation",
        """{"model":"NAME","input":{"messages":[{"role":"user","content":"Hi"}]},"parameters":{"result_format":"message"}}""",
        "$.output.choices[0].message.content")]
    public async Task A_routes_name_and_a_straight_one_are_answered_in_every_dialect(string path, string body, string said)
    {
        await using ScriptedServer server = await StartAsync(Scripts.Say("Good", "day"), "local/scripted");
        foreach (string name in (string[])["fast", "local/scripted"])
        {
            using HttpResponseMessage reply = await server.PostAsync(path, body.Replace("NAME", name, StringComparison.Ordinal));
            JsonNode json = JsonNode.Parse(await reply.Content.ReadAsStringAsync(Stop))!;
            Assert.Equal("Good day", At(json, said));
            Assert.Equal($"route={name}; target=local/scripted", GatewayServer.Header(reply, "x-qwensharp-route"));
            Assert.False(reply.Headers.Contains("x-qwensharp-dropped"));
        }
    }

    [Fact]
    public async Task Ollamas_tag_of_a_route_means_the_route_and_a_request_without_words_loads_nothing()
    {
        await using ScriptedServer server = await StartAsync(Scripts.Say("Good", "day"), "local/scripted");
        (int status, JsonNode body) =
            await server.AskAsync("/api/chat", """{"model":"fast:latest","stream":false,"messages":[{"role":"user","content":"Hi"}]}""");
        Assert.Equal((200, "Good day"), (status, (string)body["message"]!["content"]!));
        (status, body) = await server.AskAsync("/api/chat", """{"model":"fast","messages":[]}""");
        Assert.Equal((200, "load", 1), (status, (string)body["done_reason"]!, server.Chat.Calls.Count));
    }

    [Fact]
    public async Task Routes_are_listed_beside_the_models()
    {
        await using ScriptedServer server = await StartAsync(Scripts.Say("a"), "local/scripted");
        JsonNode list = JsonNode.Parse(await server.Http.GetStringAsync("/v1/models", Stop))!;
        Assert.Equal(["scripted", "fast"], list["data"]!.AsArray().Select(model => (string)model!["id"]!));
        JsonNode tags = JsonNode.Parse(await server.Http.GetStringAsync("/api/tags", Stop))!;
        Assert.Equal(["scripted:latest", "fast:latest"], tags["models"]!.AsArray().Select(model => (string)model!["name"]!));
    }

    [Fact]
    public async Task A_request_that_names_no_model_gets_the_only_one_and_an_unknown_name_is_told_the_routes_too()
    {
        await using ScriptedServer server = await StartAsync(Scripts.Say("a"), "local/scripted");
        (int status, JsonNode body) =
            await server.AskAsync("/v1/chat/completions", """{"messages":[{"role":"user","content":"Hi"}]}""");
        Assert.Equal(200, status);
        Assert.Equal("scripted", (string)body["model"]!);
        Assert.Contains(
            "This server has: scripted, fast",
            ScriptedServer.AssertError(
                await server.AskAsync("/v1/chat/completions", """{"model":"no","messages":[{"role":"user","content":"Hi"}]}"""),
                404,
                "model",
                "model_not_found"));
    }

    [Fact]
    public async Task What_a_model_of_the_server_says_of_a_request_is_said_in_its_own_words()
    {
        await using ScriptedServer server = await StartAsync(
            Scripts.Fail(new OptionException(OptionFault.OutOfRange("Temperature", 9, Bounds.Between(0, 2)))), "local/scripted");
        Assert.Contains("'temperature' is 9", ScriptedServer.AssertError(
            await server.AskAsync("/v1/chat/completions", """{"model":"fast","messages":[{"role":"user","content":"Hi"}]}"""),
            400,
            "temperature",
            "invalid_value"));
        Assert.Contains("'image_url'", ScriptedServer.AssertError(
            await server.AskAsync(
                "/v1/chat/completions",
                """{"model":"fast","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://e.example/a.png"}}]}]}"""),
            400,
            "messages[0].content[0].type",
            "unsupported_parameter"));
        Assert.Contains("'temperature'", ScriptedServer.AssertError(
            await server.AskAsync("/v1/responses", """{"model":"fast","input":"Hi","temperature":7}"""), 400, "temperature", "invalid_value"));
    }

    [Fact]
    public async Task A_full_queue_says_when_to_come_back_and_a_model_that_is_not_there_that_it_is_not()
    {
        await using ScriptedServer server = await StartAsync(
            Scripts.Fail(new QueueFullException(asked: 1, waiting: 4, limit: 4)), "local/nothing", "local/scripted");
        using HttpResponseMessage reply = await server.PostAsync(
            "/v1/chat/completions", """{"model":"fast","messages":[{"role":"user","content":"Hi"}]}""");
        Assert.Equal(503, (int)reply.StatusCode);
        Assert.NotNull(reply.Headers.RetryAfter);
        Assert.Equal(
            "route=fast; failed=local/nothing:not_found,local/scripted:overloaded", GatewayServer.Header(reply, "x-qwensharp-route"));
        Assert.Contains("no model 'nothing'", await reply.Content.ReadAsStringAsync(Stop));
    }

    [Fact]
    public async Task What_a_route_does_not_do_is_refused_by_its_name()
    {
        await using ScriptedServer server = await StartAsync(Scripts.Say("a"), "local/scripted");
        Assert.Contains("'model' is answered elsewhere, by one who takes conversations and gives no vectors", ScriptedServer.AssertError(
            await server.AskAsync("/v1/embeddings", """{"model":"fast","input":"Hi"}"""), 400, "model", "unsupported_parameter"));
        (int status, JsonNode body) = await server.AskAsync(
            "/v1/messages/count_tokens", """{"model":"fast","messages":[{"role":"user","content":"Hi"}]}""");
        Assert.Equal(400, status);
        Assert.Contains("'model' is answered elsewhere", (string)body["error"]!["message"]!);
    }

    [Fact]
    public async Task A_model_and_a_route_of_one_name_do_not_start() => Assert.Contains(
        "'scripted'",
        (await Assert.ThrowsAsync<ArgumentException>(() => ScriptedServer.StartAsync(
            Scripts.Say("a"),
            options => options with { Gateway = Routes("scripted", "local/scripted") }))).Message);

    private static Task<ScriptedServer> StartAsync(Script script, params string[] targets) =>
        ScriptedServer.StartAsync(script, options => options with { Gateway = Routes("fast", targets) });

    private static GatewaySettings Routes(string name, params string[] targets) => new()
    {
        Routes = [new RouteSettings(name, [.. targets.Select(target => RouteTarget.Parse(target)!)]) { Retries = 0 }],
    };

    // $.a[0].b
    private static string At(JsonNode json, string path)
    {
        foreach (string step in path[2..].Replace("[", ".", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Split('.'))
            json = int.TryParse(step, out int place) ? json[place]! : json[step]!;

        return (string)json!;
    }
}
