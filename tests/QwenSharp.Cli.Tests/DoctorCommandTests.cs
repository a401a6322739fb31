using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace QwenSharp.Cli.Tests;

/// <summary>What <c>doctor</c> finds: at servers of this test that do what ill servers do.</summary>
public class DoctorCommandTests
{
    private const string Models = """{"object":"list","data":[{"id":"ill"}]}""";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nobody_there_is_said_in_one_line()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        taken.Stop();

        Invocation doctor = await Invocation.RunAsync("doctor", $"http://127.0.0.1:{port}");

        Assert.Equal(ExitCode.Failure, doctor.Code);
        Assert.StartsWith("WRONG reachable", doctor.Out);
        Assert.Contains("nobody listens there", doctor.Out);
    }

    [Theory]
    [InlineData("ftp://127.0.0.1")]
    [InlineData("127.0.0.1:8080")]
    public async Task An_address_that_is_none_is_a_usage_error(string url) =>
        (await Invocation.RunAsync("doctor", url)).AssertFails(ExitCode.Usage, "URL must begin with http:// or https://");

    [Fact]
    public async Task A_key_that_is_missing_is_named()
    {
        using IllServer server = new((_, _) => (401, """{"error":{"message":"No key."}}"""));
        Invocation doctor = await Invocation.RunAsync("doctor", server.Url);
        Assert.Contains("status 401: No key. Give the key with --key.", doctor.Out);
    }

    [Fact]
    public async Task What_ill_servers_do_is_found()
    {
        using IllServer server = new(Answer);

        Invocation doctor = await Invocation.RunAsync("doctor", server.Url, "--json");

        Assert.Equal(ExitCode.Failure, doctor.Code);
        JsonElement said = doctor.Json();
        Assert.False(said.GetProperty("ok").GetBoolean());
        Assert.Equal("ill", said.GetProperty("model").GetString());
        Dictionary<string, (string Verdict, string Says)> found = said.GetProperty("checks").EnumerateArray().ToDictionary(
            check => check.GetProperty("name").GetString()!,
            check => (check.GetProperty("verdict").GetString()!, check.GetProperty("says").GetString()!));
        AssertFound("reachable", "ok", "1 model: ill");
        AssertFound("chat", "ok", "answered");
        AssertFound("template", "wrong", "the role 'developer' (400: Unexpected role)");
        AssertFound("reasoning", "wrong", "stands in the content");
        AssertFound("streaming", "wrong", "not text/event-stream");
        AssertFound("tools", "wrong", "came as text");
        AssertFound("structure", "wrong", "taken and not kept");
        AssertFound("context", "wrong", "cuts prompts");
        AssertFound("cache", "weak", "only 20 of 100 tokens");
        AssertFound("errors", "weak", "a body that is no JSON is taken");
        AssertFound("unknown fields", "weak", "ignored");

        void AssertFound(string name, string verdict, string says)
        {
            Assert.Equal((name, verdict), (name, found[name].Verdict));
            Assert.Contains(says, found[name].Says);
        }

        static (int Status, string Body) Answer(string path, string body)
        {
            if (path == "/v1/models")
                return (200, Models);
            if (body.Contains("developer", StringComparison.Ordinal))
                return (400, """{"error":{"message":"Unexpected role"}}""");

            string content = body.Contains("\"tools\"", StringComparison.Ordinal)
                ? "<tool_call>{}</tool_call>"
                : "<think>Paris?</think>Paris.";
            return (200, $$"""
                {"choices":[{"message":{"role":"assistant","content":"{{content}}"},"finish_reason":"stop"}],
                "usage":{"prompt_tokens":100,"prompt_tokens_details":{"cached_tokens":20} } }
                """);
        }
    }

    [Fact]
    public async Task At_this_server_nothing_is_wrong()
    {
        using Process server = Process.Start(ProcessTests.StartInfo("serve", "--port", "0", "--threads", "2"))!;
        try
        {
            string listening = (await server.StandardOutput.ReadLineAsync(Stop))!;
            Invocation doctor = await Invocation.RunAsync("doctor", listening["Listening on ".Length..listening.IndexOf(';')]);

            Assert.True(doctor.Code == ExitCode.Ok, doctor.Out);
            Assert.DoesNotContain("WRONG", doctor.Out);
            Assert.Contains("ok    tools ", doctor.Out);
            Assert.Contains("ok    structure ", doctor.Out);
            Assert.Contains("ok    cache ", doctor.Out);
            // The model in the box has a small context, and says so.
            Assert.Contains("weak  context ", doctor.Out);
        }
        finally
        {
            server.Kill();
        }
    }

    /// <summary>A server that answers as the test says.</summary>
    private sealed class IllServer : IDisposable
    {
        private readonly HttpListener _listener = new();

        public IllServer(Func<string, string, (int Status, string Body)> answer)
        {
            using (TcpListener free = new(IPAddress.Loopback, 0))
            {
                free.Start();
                Url = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}";
            }

            _listener.Prefixes.Add(Url + "/");
            _listener.Start();
            _ = Task.Run(() => ServeAsync(answer), Stop);
        }

        public string Url { get; }

        public void Dispose() => _listener.Close();

        private async Task ServeAsync(Func<string, string, (int Status, string Body)> answer)
        {
            while (_listener.IsListening)
            {
                HttpListenerContext http = await _listener.GetContextAsync();
                using StreamReader reader = new(http.Request.InputStream);
                (int status, string body) = answer(http.Request.Url!.AbsolutePath, await reader.ReadToEndAsync());
                http.Response.StatusCode = status;
                http.Response.ContentType = "application/json";
                http.Response.Close(Encoding.UTF8.GetBytes(body), willBlock: false);
            }
        }
    }
}
