using System.Text;
using QwenSharp.Gateway.Configuration;
using QwenSharp.Gateway.Providers;

namespace QwenSharp.Server.Tests.Gateway;

/// <summary>What is asked in a provider's own dialect goes to it as it came, and its answer comes back as it came.</summary>
public class ForwardingTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Bytes_and_headers_go_through_but_for_the_models_name_and_the_credentials()
    {
        await using FakeProvider fake = await FakeProvider.StartAsync(
            FakeReplies.Json("""{ "id" : "m", "type":"message", "unheard_of": [1.0] , "usage":{"input_tokens":11,"output_tokens":3},"content":[],"stop_reason":"end_turn" }""",
                200, ("x-unheard-of", "yes"), ("request-id", "req_up")));
        await using GatewayServer server = await GatewayServer.StartAsync(fake, ProviderKind.Anthropic);
        const string Sent = """{ "max_tokens":5,"model" : "fast", "unheard_of":{"a":1.50,"model":"inner"}, "messages":[{"role":"user","content":"é \u00e9"}] }""";

        using HttpResponseMessage reply = await server.PostAsync(
            "/v1/messages?beta=true", Sent, ("anthropic-version", "2023-06-01"), ("anthropic-beta", "b-1,b-2"), ("x-api-key", "client-key"),
            ("x-note", "n"));

        FakeRequest got = Assert.Single(fake.Requests);
        Assert.Equal(Sent.Replace("\"fast\"", "\"up\"", StringComparison.Ordinal), Encoding.UTF8.GetString(got.Body));
        Assert.Equal("/v1/messages?beta=true", got.Path);
        Assert.Equal(
            ("upstream-key", "b-1,b-2", "n", "2023-06-01"),
            (got.Headers["x-api-key"].ToString(), got.Headers["anthropic-beta"].ToString(), got.Headers["x-note"].ToString(),
                got.Headers["anthropic-version"].ToString()));
        Assert.DoesNotContain("client-key", string.Join(",", got.Headers.Values));
        Assert.Equal(
            """{ "id" : "m", "type":"message", "unheard_of": [1.0] , "usage":{"input_tokens":11,"output_tokens":3},"content":[],"stop_reason":"end_turn" }""",
            await reply.Content.ReadAsStringAsync(Stop));
        Assert.Equal(("yes", "req_up"), (GatewayServer.Header(reply, "x-unheard-of"), GatewayServer.Header(reply, "request-id")));
        Assert.Equal("route=fast; target=acme/up", GatewayServer.Header(reply, "x-qwensharp-route"));
    }

    [Theory]
    [InlineData("/v1/chat/completions", "/v1/chat/completions")]
    [InlineData("/v1/completions", "/v1/completions")]
    [InlineData("/v1/embeddings", "/v1/embeddings")]
    public async Task OpenAIs_paths_go_to_OpenAIs_paths(string path, string expected)
    {
        await using FakeProvider fake = await FakeProvider.StartAsync(FakeReplies.Json("""{"any":"thing"}"""));
        await using GatewayServer server = await GatewayServer.StartAsync(fake, ProviderKind.OpenAI);
        var (status, body, _) = await server.AskAsync(path, """{"model":"acme/o","strange":1}""", ("Authorization", "Bearer client-key"));
        Assert.Equal((200, "thing"), (status, (string)body["any"]!));
        Assert.Equal(expected, fake.Requests[0].Path);
        Assert.Equal("""{"model":"o","strange":1}""", Encoding.UTF8.GetString(fake.Requests[0].Body));
        Assert.Equal("Bearer upstream-key", fake.Requests[0].Headers.Authorization.ToString());
    }

    [Fact]
    public async Task Streams_come_back_event_by_event_as_they_were()
    {
        TaskCompletionSource more = new(TaskCreationOptions.RunContinuationsAsynchronously);
        string first = FakeReplies.ChatChunk("""{"content":"one"}"""), second = ": keep\n\n" + FakeReplies.ChatChunk("{}", "stop") + "data: [DONE]\n\n";
        await using FakeProvider fake = await FakeProvider.StartAsync(async http =>
        {
            await FakeReplies.Stream(first)(http);
            await more.Task;
            await FakeReplies.Stream(second)(http);
        });
        await using GatewayServer server = await GatewayServer.StartAsync(fake, ProviderKind.Vllm);

        using HttpResponseMessage reply = await server.PostAsync("/v1/chat/completions", """{"model":"fast","stream":true,"messages":[]}""");
        Stream body = await reply.Content.ReadAsStreamAsync(Stop);
        byte[] start = new byte[first.Length];
        await body.ReadExactlyAsync(start, Stop);
        Assert.Equal(first, Encoding.UTF8.GetString(start));
        more.SetResult();
        using StreamReader rest = new(body);
        Assert.Equal(second, await rest.ReadToEndAsync(Stop));
        Assert.Equal("text/event-stream", reply.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task A_count_of_tokens_is_asked_of_who_counts()
    {
        await using FakeProvider fake = await FakeProvider.StartAsync(FakeReplies.Json("""{"input_tokens":42}"""));
        await using GatewayServer server = await GatewayServer.StartAsync(fake, ProviderKind.Anthropic);
        var (status, body, _) = await server.AskAsync("/v1/messages/count_tokens", """{"model":"fast","messages":[]}""");
        Assert.Equal((200, 42, "/v1/messages/count_tokens"), (status, (int)body["input_tokens"]!, fake.Requests[0].Path));
    }

    [Fact]
    public async Task A_refusal_comes_back_as_it_was_but_for_one_of_the_gateways_own_key()
    {
        const string Wrong = """{"error":{"message":"Strange is unknown.","type":"invalid_request_error","param":"strange","code":null},"extra":1}""";
        await using FakeProvider fake = await FakeProvider.StartAsync(
            FakeReplies.Json(Wrong, 400), FakeReplies.Json("""{"error":{"message":"Incorrect API key provided.","code":"invalid_api_key"}}""", 401));
        await using GatewayServer server = await GatewayServer.StartAsync(fake, ProviderKind.OpenAI);
        var (status, body, _) = await server.AskAsync("/v1/chat/completions", """{"model":"fast","strange":1,"messages":[]}""");
        Assert.Equal((400, Wrong), (status, body.ToJsonString()));

        (status, body, _) = await server.AskAsync("/v1/chat/completions", """{"model":"fast","messages":[]}""");
        Assert.Equal((502, "upstream_error"), (status, (string)body["error"]!["code"]!));
        Assert.Contains("acme", (string)body["error"]!["message"]!);
    }

    [Fact]
    public async Task A_failure_before_the_first_token_goes_to_the_next_who_is_asked_in_his_own_dialect()
    {
        await using FakeProvider first = await FakeProvider.StartAsync(FakeReplies.Stream(
            FakeReplies.Event("message_start", """{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"up","content":[],"stop_reason":null,"usage":{"input_tokens":1,"output_tokens":1}}}"""),
            FakeReplies.Event("error", """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""")));
        await using FakeProvider second = await FakeProvider.StartAsync(FakeReplies.Chat("from", " the second"));
        await using GatewayServer server = await GatewayServer.StartAsync(
            [first.As("first", ProviderKind.Anthropic), second.As("second", ProviderKind.Vllm)],
            [new RouteSettings("fast", [new("first", "a"), new("second", "b")]) { Retries = 0 }]);

        using HttpResponseMessage reply = await server.PostAsync(
            "/v1/messages", """{"model":"fast","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"Hi"}]}""");
        string said = await reply.Content.ReadAsStringAsync(Stop);
        Assert.Contains("from", said);
        Assert.DoesNotContain("overloaded", said);
        Assert.Equal("route=fast; target=second/b; failed=first/a:overloaded", GatewayServer.Header(reply, "x-qwensharp-route"));
    }

    [Fact]
    public async Task A_later_target_of_the_dialect_is_sent_the_request_as_it_came()
    {
        await using FakeProvider first = await FakeProvider.StartAsync(FakeReplies.Json("""{"error":{"message":"busy"}}""", 503));
        await using FakeProvider second = await FakeProvider.StartAsync(FakeReplies.Message("ok"));
        await using GatewayServer server = await GatewayServer.StartAsync(
            [first.As("first", ProviderKind.Vllm), second.As("second", ProviderKind.Anthropic)],
            [new RouteSettings("fast", [new("first", "a"), new("second", "b")]) { Retries = 0 }]);
        var (status, _, _) = await server.AskAsync(
            "/v1/messages", """{"model":"fast","max_tokens":9,"messages":[{"role":"user","content":"Hi"}],"metadata":{"user_id":"u"}}""");
        Assert.Equal(200, status);
        Assert.Equal(
            """{"model":"b","max_tokens":9,"messages":[{"role":"user","content":"Hi"}],"metadata":{"user_id":"u"}}""",
            Encoding.UTF8.GetString(second.Requests[0].Body));
    }

    [Fact]
    public async Task An_answer_that_breaks_off_breaks_off()
    {
        await using FakeProvider fake = await FakeProvider.StartAsync(FakeReplies.Cut(FakeReplies.ChatChunk("""{"content":"one"}""")));
        await using GatewayServer server = await GatewayServer.StartAsync(fake, ProviderKind.Vllm);
        using HttpResponseMessage reply = await server.PostAsync("/v1/chat/completions", """{"model":"fast","stream":true,"messages":[]}""");
        await Assert.ThrowsAnyAsync<Exception>(() => reply.Content.ReadAsStringAsync(Stop));
        Assert.Single(fake.Requests);
    }

    [Fact]
    public async Task What_was_forwarded_is_counted()
    {
        await using FakeProvider fake = await FakeProvider.StartAsync(FakeReplies.Chat("one", " two"));
        await using GatewayServer server = await GatewayServer.StartAsync(fake, ProviderKind.Vllm);
        await server.AskAsync("/v1/chat/completions", """{"model":"fast","messages":[{"role":"user","content":"Hi"}]}""");
        string metrics = await server.Http.GetStringAsync("/metrics", Stop);
        Assert.Contains("qwensharp_prompt_tokens_total{model=\"fast\"} 11", metrics);
        Assert.Contains("qwensharp_answer_tokens_total{model=\"fast\"} 3", metrics);
    }
}
