using System.Text;
using System.Text.Json.Nodes;
using QwenSharp.Gateway.Configuration;
using QwenSharp.Gateway.Providers;

namespace QwenSharp.Server.Tests.Gateway;

/// <summary>A server without a model of its own, before some providers.</summary>
internal sealed class GatewayServer : IAsyncDisposable
{
    private readonly QwenServer _server;

    private GatewayServer(QwenServer server)
    {
        _server = server;
        Http = new HttpClient { BaseAddress = server.Address };
    }

    public HttpClient Http { get; }

    public Uri Address => _server.Address;

    public static async Task<GatewayServer> StartAsync(
        IReadOnlyList<ProviderPlace> providers,
        IReadOnlyList<RouteSettings> routes,
        Func<ServerOptions, ServerOptions>? configure = null)
    {
        ServerOptions options = new()
        {
            Port = 0,
            Models = [],
            DrainTime = TimeSpan.Zero,
            Gateway = new GatewaySettings { Providers = providers, Routes = routes },
        };
        return new GatewayServer(
            await QwenServer.StartAsync(configure?.Invoke(options) ?? options, TestContext.Current.CancellationToken));
    }

    public static Task<GatewayServer> StartAsync(FakeProvider fake, ProviderKind kind, params string[] route) => StartAsync(
        [fake.As("acme", kind)],
        [new RouteSettings("fast", [.. (route.Length > 0 ? route : ["acme/up"]).Select(target => RouteTarget.Parse(target)!)])]);

    public async Task<HttpResponseMessage> PostAsync(string path, string json, params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, path)
        {
            Content = new StringContent(json, Encoding.UTF8, "application/json"),
        };
        foreach ((string name, string value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);

        return await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    public async Task<(int Status, JsonNode Body, HttpResponseMessage Reply)> AskAsync(
        string path, string json, params (string Name, string Value)[] headers)
    {
        HttpResponseMessage reply = await PostAsync(path, json, headers);
        string text = await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return ((int)reply.StatusCode, JsonNode.Parse(text)!, reply);
    }

    public static string Header(HttpResponseMessage reply, string name) =>
        reply.Headers.TryGetValues(name, out IEnumerable<string>? values) ? string.Join(",", values) : "";

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _server.DisposeAsync();
    }
}
