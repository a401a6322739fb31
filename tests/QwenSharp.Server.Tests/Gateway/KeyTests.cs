using QwenSharp.Gateway.Configuration;
using QwenSharp.Gateway.Providers;
using QwenSharp.Server.State;
using QwenSharp.Tests;

namespace QwenSharp.Server.Tests.Gateway;

/// <summary>What the holders of keys may do, and what they use, of routes: whether answers are translated or go through.</summary>
public sealed class KeyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_key_reaches_its_routes_and_not_what_is_behind_them_and_its_use_is_written_down()
    {
        const string Body = """{"model":"NAME","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}""";
        string state = _folder["state"];
        await using ApiKeyStore keys = ApiKeyStore.At(state);
        (ApiKey key, string text) = await keys.CreateAsync(new ApiKeyTerms("ann") { Models = ["fast"], TokensPerMinute = 28 }, Stop);
        await using FakeProvider fake = await FakeProvider.StartAsync(FakeReplies.Message("Hi"));
        await using (GatewayServer server = await GatewayServer.StartAsync(
            [fake.As("acme", ProviderKind.Anthropic)],
            [new RouteSettings("fast", [new("acme", "up")])],
            options => options with { State = state }))
        {
            async Task<int> AskAsync(string path, string name, string? given) => (await server.AskAsync(
                path, Body.Replace("NAME", name, StringComparison.Ordinal), ("Authorization", given is null ? "" : $"Bearer {given}"))).Status;

            Assert.Equal(401, await AskAsync("/v1/chat/completions", "fast", null));
            Assert.Equal(403, await AskAsync("/v1/chat/completions", "acme/up", text));
            Assert.Empty(fake.Requests);
            Assert.Equal(200, await AskAsync("/v1/chat/completions", "fast", text));
            Assert.Equal(200, await AskAsync("/v1/messages", "fast", text));
            Assert.Equal(429, await AskAsync("/v1/messages", "fast", text));
        }

        KeyUsage used = Assert.Single(await keys.UsageAsync(Stop));
        Assert.Equal(
            (key.Id, "fast", 2, 22, 6), (used.KeyId, used.Model, used.Requests, used.PromptTokens, used.CompletionTokens));
    }
}
