using System.Text.Json.Nodes;
using QwenSharp.Server.Tests.Scripted;

namespace QwenSharp.Server.Tests;

public class ModelsTests
{
    private const string Card = """{"id":"scripted","created":1700000000,"object":"model","owned_by":"qwensharp"}""";

    [Fact]
    public async Task Models_are_listed_and_shown()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Echo);

        Assert.Equal($$"""{"data":[{{Card}}],"object":"list"}""", await GetAsync(server, "/v1/models"));
        Assert.Equal(Card, await GetAsync(server, "/v1/models/scripted"));
        Assert.Equal("model_not_found", (string)JsonNode.Parse(await GetAsync(server, "/v1/models/org/other"))!["error"]!["code"]!);
    }

    [Fact]
    public async Task A_server_that_answers_is_healthy()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Echo);

        Assert.Equal("""{"status":"ok"}""", await GetAsync(server, "/health"));
    }

    private static async Task<string> GetAsync(ScriptedServer server, string path)
    {
        using HttpResponseMessage reply = await server.Http.GetAsync(path, TestContext.Current.CancellationToken);
        return await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }
}
