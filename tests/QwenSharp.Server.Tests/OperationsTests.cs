using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.AI;
using QwenSharp.Server.Tests.Scripted;
using QwenSharp.Tests;

namespace QwenSharp.Server.Tests;

/// <summary>What operating a server takes: metrics, health, draining, TLS, CORS and limits.</summary>
public class OperationsTests
{
    private const string Whole = """{"model":"scripted","messages":[{"role":"user","content":"Hi"}]}""";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Metrics_tell_the_times_tokens_and_requests_of_each_model()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("a", "b", "c"));
        await server.ChatAsync();
        await server.ChatAsync("\"n\":2");
        await server.AskAsync("/v1/messages", """{"model":"scripted","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}""");
        using (HttpResponseMessage absent = await server.PostAsync("/v1/nothing", "{}"))
            Assert.Equal(404, (int)absent.StatusCode);

        // A request is counted once its reply has gone, which the client has by then.
        const string Last = """qwensharp_requests_total{endpoint="other",status="404",model=""}""";
        Dictionary<string, double> series = [];
        while (!series.ContainsKey(Last) || series["qwensharp_requests_running"] > 0)
            series = await ScrapeAsync(server.Http);

        Assert.Equal(3, series["""qwensharp_time_to_first_token_seconds_count{model="scripted"}"""]);
        Assert.Equal(8, series["""qwensharp_time_between_tokens_seconds_count{model="scripted"}"""]);
        Assert.Equal(8, series["""qwensharp_time_between_tokens_seconds_bucket{model="scripted",le="+Inf"}"""]);
        Assert.Equal(12, series["""qwensharp_answer_tokens_total{model="scripted"}"""]);
        Assert.Equal(21, series["""qwensharp_prompt_tokens_total{model="scripted"}"""]);
        Assert.Equal(4, series["""qwensharp_answers_total{model="scripted",reason="stop"}"""]);
        Assert.Equal(2, series["""qwensharp_requests_total{endpoint="/v1/chat/completions",status="200",model="scripted"}"""]);
        Assert.Equal(1, series[Last]);
    }

    [Fact]
    public async Task Buckets_only_grow_and_every_family_has_help_and_type()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("a", "b"));
        await server.ChatAsync();
        using HttpResponseMessage reply = await server.Http.GetAsync("/metrics", Stop);
        string text = await reply.Content.ReadAsStringAsync(Stop);

        Assert.StartsWith("text/plain; version=0.0.4", reply.Content.Headers.ContentType!.ToString());
        double[] buckets =
        [
            .. text.Split('\n')
                .Where(line => line.StartsWith("qwensharp_time_to_first_token_seconds_bucket", StringComparison.Ordinal))
                .Select(line => double.Parse(line.Split(' ')[^1])),
        ];
        Assert.Equal(buckets.Order(), buckets);
        foreach (string line in text.Split('\n').Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal)))
            Assert.Contains($"# HELP {line.Split(' ')[2]} ", text);
    }

    [Fact]
    public async Task The_documented_metrics_are_those_there_are()
    {
        string[] documented =
        [
            .. (await File.ReadAllLinesAsync(Checkout.PathOf("docs", "serving.md"), Stop))
                .Where(line => line.StartsWith("| `qwensharp_", StringComparison.Ordinal))
                .Select(line => line.Split('`')[1]),
        ];
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Echo);
        string text = await server.Http.GetStringAsync("/metrics", Stop);
        string[] there =
        [
            .. text.Split('\n').Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal)).Select(line => line.Split(' ')[2]),
        ];
        Assert.Equal(there.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Metrics_want_the_key_and_may_be_left_out()
    {
        await using ScriptedServer guarded =
            await ScriptedServer.StartAsync(Scripts.Echo, options => options with { ApiKey = "secret" });
        using HttpResponseMessage refused = await guarded.Http.GetAsync("/metrics", Stop);
        Assert.Equal(401, (int)refused.StatusCode);
        foreach (string path in (string[])["/health", "/health/live", "/health/ready", "/health/ready/"])
            Assert.Equal("""{"status":"ok"}""", await guarded.Http.GetStringAsync(path, Stop));

        await using ScriptedServer without = await ScriptedServer.StartAsync(Scripts.Echo, options => options with { Metrics = false });
        using HttpResponseMessage absent = await without.Http.GetAsync("/metrics", Stop);
        Assert.Equal(404, (int)absent.StatusCode);
    }

    [Fact]
    public async Task A_server_that_drains_refuses_new_requests_and_lets_running_ones_end()
    {
        TaskCompletionSource go = new(), begun = new();
        await using ScriptedServer server =
            await ScriptedServer.StartAsync(Wait, options => options with { DrainTime = TimeSpan.FromMinutes(1) });
        Task<(int Status, System.Text.Json.Nodes.JsonNode Body)> running = server.ChatAsync();
        await begun.Task;

        Task stop = server.Server.StopAsync();
        using HttpResponseMessage refused = await server.PostAsync("/v1/chat/completions", Whole);
        using HttpResponseMessage ready = await server.Http.GetAsync("/health/ready", Stop);
        using HttpResponseMessage live = await server.Http.GetAsync("/health/live", Stop);
        go.SetResult();

        Assert.Equal(503, (int)refused.StatusCode);
        Assert.Equal(1, refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds);
        Assert.Contains("server_shutting_down", await refused.Content.ReadAsStringAsync(Stop));
        Assert.Equal(503, (int)ready.StatusCode);
        Assert.Equal("""{"status":"draining"}""", await ready.Content.ReadAsStringAsync(Stop));
        Assert.Equal(200, (int)live.StatusCode);
        Assert.Equal(200, (await running).Status);
        await stop;

        async IAsyncEnumerable<ChatResponseUpdate> Wait(ScriptedCall call, [EnumeratorCancellation] CancellationToken token)
        {
            begun.SetResult();
            await go.Task.WaitAsync(token);
            yield return new ChatResponseUpdate(ChatRole.Assistant, "Done");
            yield return Scripts.End(ChatFinishReason.Stop, 1, 1);
        }
    }

    [Fact]
    public async Task Pages_of_other_origins_read_replies_only_where_they_are_let()
    {
        await using ScriptedServer closed = await ScriptedServer.StartAsync(Scripts.Echo);
        using HttpResponseMessage silent = await PreflightAsync(closed, "https://app.example");
        Assert.False(silent.Headers.Contains("Access-Control-Allow-Origin"));

        await using ScriptedServer open = await ScriptedServer.StartAsync(
            Scripts.Echo, options => options with { CorsOrigins = ["https://app.example"], ApiKey = "secret" });
        using HttpResponseMessage allowed = await PreflightAsync(open, "https://app.example");
        Assert.Equal(204, (int)allowed.StatusCode);
        Assert.Equal("https://app.example", Assert.Single(allowed.Headers.GetValues("Access-Control-Allow-Origin")));
        using HttpResponseMessage other = await PreflightAsync(open, "https://evil.example");
        Assert.False(other.Headers.Contains("Access-Control-Allow-Origin"));

        // A page reads what is wrong, too.
        using HttpRequestMessage keyless = new(HttpMethod.Get, "/v1/models") { Headers = { { "Origin", "https://app.example" } } };
        using HttpResponseMessage refused = await open.Http.SendAsync(keyless, Stop);
        Assert.Equal(401, (int)refused.StatusCode);
        Assert.True(refused.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Connections_are_encrypted_with_the_certificate_of_the_files()
    {
        using TemporaryFolder folder = new();
        TlsFiles files = new(folder["cert.pem"], folder["key.pem"]);
        string thumbprint = WriteCertificate(files);
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("Hi"), options => options with { Tls = files });
        Assert.Equal("https", server.Server.Address.Scheme);
        string? seen = null;
        using HttpClientHandler handler = new()
        {
            ServerCertificateCustomValidationCallback = (_, certificate, _, _) =>
            {
                seen = certificate!.Thumbprint;
                return true;
            },
        };
        using HttpClient client = new(handler) { BaseAddress = server.Server.Address };

        using HttpResponseMessage reply =
            await client.PostAsync("/v1/chat/completions", new StringContent(Whole, Encoding.UTF8, "application/json"), Stop);

        Assert.Equal(200, (int)reply.StatusCode);
        Assert.Equal(thumbprint, seen);
    }

    [Fact]
    public async Task Files_that_are_no_certificate_end_the_start()
    {
        using TemporaryFolder folder = new();
        await File.WriteAllTextAsync(folder["cert.pem"], "no certificate", Stop);
        IOException fault = await Assert.ThrowsAsync<IOException>(() => ScriptedServer.StartAsync(
            Scripts.Echo, options => options with { Tls = new TlsFiles(folder["cert.pem"], folder["cert.pem"]) }));
        Assert.Contains("cert.pem", fault.Message);
    }

    [Fact]
    public async Task Headers_that_do_not_come_end_the_connection()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            Scripts.Echo,
            options => options with { Limits = new ConnectionLimits { HeaderTime = TimeSpan.FromSeconds(1), HeaderBytes = 8192 } });
        using Socket slow = new(SocketType.Stream, ProtocolType.Tcp);
        await slow.ConnectAsync(IPAddress.Loopback, server.Server.Address.Port, Stop);
        await slow.SendAsync("GET /health HTTP/1.1\r\nHost: local"u8.ToArray(), Stop);
        byte[] buffer = new byte[4096];
        string said = Encoding.ASCII.GetString(buffer.AsSpan(0, await slow.ReceiveAsync(buffer, Stop)));
        Assert.StartsWith("HTTP/1.1 408 ", said);

        using HttpRequestMessage wide = new(HttpMethod.Get, "/health");
        wide.Headers.Add("x-wide", new string('x', 10_000));
        using HttpResponseMessage refused = await server.Http.SendAsync(wide, Stop);
        Assert.Equal(431, (int)refused.StatusCode);
    }

    [Fact]
    public async Task A_body_that_comes_too_slowly_is_refused()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            Scripts.Echo, options => options with { Limits = new ConnectionLimits { BodyRate = 100_000 } });
        using Socket slow = new(SocketType.Stream, ProtocolType.Tcp);
        await slow.ConnectAsync(IPAddress.Loopback, server.Server.Address.Port, Stop);
        await slow.SendAsync(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"u8
                .ToArray(),
            Stop);
        byte[] buffer = new byte[4096];
        string said = Encoding.ASCII.GetString(buffer.AsSpan(0, await slow.ReceiveAsync(buffer, Stop)));
        Assert.StartsWith("HTTP/1.1 408 ", said);
        Assert.Contains("came too slowly", said);
    }

    private static async Task<HttpResponseMessage> PreflightAsync(ScriptedServer server, string origin)
    {
        using HttpRequestMessage ask = new(HttpMethod.Options, "/v1/chat/completions")
        {
            Headers =
            {
                { "Origin", origin },
                { "Access-Control-Request-Method", "POST" },
                { "Access-Control-Request-Headers", "authorization,content-type" },
            },
        };
        return await server.Http.SendAsync(ask, Stop);
    }

    private static async Task<Dictionary<string, double>> ScrapeAsync(HttpClient http) =>
        (await http.GetStringAsync("/metrics", Stop))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line[0] != '#')
            .ToDictionary(line => line[..line.LastIndexOf(' ')], line => double.Parse(line[(line.LastIndexOf(' ') + 1)..]));

    private static string WriteCertificate(TlsFiles files)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(files.Certificate, certificate.ExportCertificatePem());
        File.WriteAllText(files.Key, key.ExportPkcs8PrivateKeyPem());
        return certificate.Thumbprint;
    }
}
