using System.Diagnostics;
using QwenSharp.Gateway.Configuration;
using QwenSharp.Gateway.Providers;

namespace QwenSharp.Server.Tests.Gateway;

/// <summary>Providers that fail, and what clients hear of it in their own dialect.</summary>
public class FailureTests
{
    private const string Chat = """{"model":"fast","messages":[{"role":"user","content":"Hi"}]}""";
    private const string Message = """{"model":"fast","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}""";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(429, """{"type":"error","error":{"type":"rate_limit_error","message":"Slow down."}}""", 429, "rate_limit_exceeded", 429, "rate_limit_error")]
    [InlineData(529, """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""", 503, "server_busy", 529, "overloaded_error")]
    [InlineData(500, """{"type":"error","error":{"type":"api_error","message":"Oh."}}""", 502, "upstream_error", 502, "api_error")]
    [InlineData(401, """{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}""", 502, "upstream_error", 502, "api_error")]
    [InlineData(404, """{"type":"error","error":{"type":"not_found_error","message":"model: up"}}""", 404, "model_not_found", 404, "not_found_error")]
    [InlineData(400, """{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 tokens > 8 maximum"}}""", 400, "context_length_exceeded", 400, "invalid_request_error")]
    [InlineData(402, """{"type":"error","error":{"type":"billing_error","message":"Your credit balance is too low."}}""", 402, "insufficient_quota", 402, "billing_error")]
    public async Task A_class_of_failure_has_each_dialects_status_and_word(
        int status, string error, int inOpenAI, string code, int inAnthropic, string type)
    {
        await using FakeProvider fake = await FakeProvider.StartAsync(FakeReplies.Json(error, status, ("retry-after", "7")));
        await using GatewayServer server = await GatewayServer.StartAsync(
            [fake.As("acme", ProviderKind.Vertex) with
            {
                Settings = fake.As("acme", ProviderKind.Vertex).Settings with { Project = "p", Region = "global" },
            }],
            [new RouteSettings("fast", [new("acme", "up")]) { Retries = 0 }]);

        var (said, body, reply) = await server.AskAsync("/v1/chat/completions", Chat);
        Assert.Equal((inOpenAI, code), (said, (string)body["error"]!["code"]!));
        Assert.Equal(status is 429 or 529 or 500, reply.Headers.RetryAfter?.Delta == TimeSpan.FromSeconds(7));
        (said, body, _) = await server.AskAsync("/v1/messages", Message);
        Assert.Equal((inAnthropic, type), (said, (string)body["error"]!["type"]!));
        Assert.StartsWith("route=fast; failed=acme/up:", GatewayServer.Header(reply, "x-qwensharp-route"));
    }

    [Fact]
    public async Task Nobody_there_is_a_failure_of_the_way_and_the_next_answers()
    {
        await using FakeProvider fake = await FakeProvider.StartAsync(FakeReplies.Chat("here"));
        ProviderPlace gone = new(new ProviderSettings("gone", ProviderKind.Anthropic, new Uri("http://127.0.0.1:9")) { ApiKey = "k" });
        await using GatewayServer server = await GatewayServer.StartAsync(
            [gone, fake.As("acme", ProviderKind.DeepSeek)],
            [new("fast", [new("gone", "a"), new("acme", "b")]) { Retries = 0 }, new("lost", [new("gone", "a")]) { Retries = 0 }]);

        var (status, body, reply) = await server.AskAsync("/v1/chat/completions", Chat);
        Assert.Equal((200, "here"), (status, (string)body["choices"]![0]!["message"]!["content"]!));
        Assert.Equal("route=fast; target=acme/b; failed=gone/a:connection", GatewayServer.Header(reply, "x-qwensharp-route"));
        (status, body, _) = await server.AskAsync("/v1/chat/completions", Chat.Replace("fast", "lost", StringComparison.Ordinal));
        Assert.Equal((502, "upstream_error"), (status, (string)body["error"]!["code"]!));
    }

    [Fact]
    public async Task A_request_that_is_wrong_is_not_asked_elsewhere()
    {
        await using FakeProvider first = await FakeProvider.StartAsync(
            FakeReplies.Json("""{"type":"error","error":{"type":"invalid_request_error","message":"messages: roles must alternate"}}""", 400));
        await using FakeProvider second = await FakeProvider.StartAsync(FakeReplies.Chat("no"));
        await using GatewayServer server = await GatewayServer.StartAsync(
            [first.As("first", ProviderKind.Anthropic), second.As("second", ProviderKind.DeepSeek)],
            [new RouteSettings("fast", [new("first", "a"), new("second", "b")])]);
        var (status, _, _) = await server.AskAsync("/v1/chat/completions", Chat);
        Assert.Equal((400, 1, 0), (status, first.Requests.Count, second.Requests.Count));
    }

    [Fact]
    public async Task A_storm_is_waited_out_as_long_as_is_asked()
    {
        await using FakeProvider fake = await FakeProvider.StartAsync(
            FakeReplies.Json("""{"type":"error","error":{"type":"rate_limit_error","message":"Slow down."}}""", 429, ("retry-after", "1")),
            FakeReplies.Message("ok"));
        await using GatewayServer server = await GatewayServer.StartAsync(fake, ProviderKind.Anthropic);
        long began = Stopwatch.GetTimestamp();
        var (status, _, _) = await server.AskAsync("/v1/chat/completions", Chat);
        Assert.Equal((200, 2), (status, fake.Requests.Count));
        Assert.True(Stopwatch.GetElapsedTime(began) >= TimeSpan.FromSeconds(0.9));
    }

    [Fact]
    public async Task A_failure_behind_the_first_token_is_told_in_the_stream_and_nobody_else_is_asked()
    {
        await using FakeProvider first = await FakeProvider.StartAsync(FakeReplies.Cut(FakeReplies.ChatChunk("""{"content":"one"}""")));
        await using FakeProvider second = await FakeProvider.StartAsync(FakeReplies.Message("two"));
        await using GatewayServer server = await GatewayServer.StartAsync(
            [first.As("first", ProviderKind.Vllm), second.As("second", ProviderKind.Anthropic)],
            [new RouteSettings("fast", [new("first", "a"), new("second", "b")])]);
        using HttpResponseMessage reply = await server.PostAsync("/v1/responses", """{"model":"fast","stream":true,"input":"Hi"}""");
        string said = await reply.Content.ReadAsStringAsync(Stop);
        Assert.Contains("one", said);
        Assert.Contains("response.failed", said);
        Assert.Empty(second.Requests);
    }

    [Theory]
    [InlineData(ProviderKind.Vllm)]
    [InlineData(ProviderKind.DeepSeek)]
    public async Task A_client_that_leaves_ends_the_work_elsewhere(ProviderKind kind)
    {
        await using FakeProvider fake = await FakeProvider.StartAsync(FakeReplies.Drip(FakeReplies.ChatChunk("""{"content":"one"}""")));
        await using GatewayServer server = await GatewayServer.StartAsync(fake, kind);
        HttpResponseMessage reply = await server.PostAsync(
            "/v1/chat/completions", """{"model":"fast","stream":true,"messages":[{"role":"user","content":"Hi"}]}""");
        Stream body = await reply.Content.ReadAsStreamAsync(Stop);
        Assert.True(await body.ReadAsync(new byte[64], Stop) > 0);
        reply.Dispose();
        for (int i = 0; i < 200 && fake.HungUp == 0; i++)
            await Task.Delay(50, Stop);

        Assert.Equal(1, fake.HungUp);
    }

    [Fact]
    public async Task A_deadline_of_a_route_is_told_as_one()
    {
        await using FakeProvider fake = await FakeProvider.StartAsync(FakeReplies.Hang());
        await using GatewayServer server = await GatewayServer.StartAsync(
            [fake.As("acme", ProviderKind.Anthropic)],
            [new RouteSettings("fast", [new("acme", "up")]) { Deadline = TimeSpan.FromSeconds(0.3) }]);
        var (status, body, _) = await server.AskAsync("/v1/chat/completions", Chat);
        Assert.Equal((504, "deadline_exceeded"), (status, (string)body["error"]!["code"]!));
    }

    [Fact]
    public async Task Data_of_a_class_does_not_leave_and_the_request_says_so()
    {
        await using FakeProvider fake = await FakeProvider.StartAsync(FakeReplies.Chat("never"));
        await using GatewayServer server = await GatewayServer.StartAsync(
            [fake.As("acme", ProviderKind.OpenAI) with { DataClasses = ["eu"] }],
            [
                new("secret", [new("acme", "up"), new(RouteTarget.Local, "none")]) { DataClass = "private" },
                new("only", [new("acme", "up")]) { DataClass = "private" },
                new("european", [new("acme", "up")]) { DataClass = "eu" },
            ]);
        var (status, body, _) = await server.AskAsync("/v1/chat/completions", Chat.Replace("fast", "only", StringComparison.Ordinal));
        Assert.Equal(403, status);
        Assert.Contains("may not be sent data of the class 'private'", (string)body["error"]!["message"]!);
        (status, _, HttpResponseMessage reply) =
            await server.AskAsync("/v1/chat/completions", Chat.Replace("fast", "secret", StringComparison.Ordinal));
        Assert.Equal(404, status);
        Assert.Equal("route=secret; failed=acme/up:data_class,local/none:not_found", GatewayServer.Header(reply, "x-qwensharp-route"));
        Assert.Empty(fake.Requests);
        (status, _, _) = await server.AskAsync("/v1/chat/completions", Chat.Replace("fast", "european", StringComparison.Ordinal));
        Assert.Equal((200, 1), (status, fake.Requests.Count));
    }
}
