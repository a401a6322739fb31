using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Faults;
using QwenSharp.Protocols.OpenAI;
using QwenSharp.Server.Tests.Scripted;

namespace QwenSharp.Server.Tests;

public class ErrorTests
{
    [Fact]
    public async Task An_unknown_model_is_not_found()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("Hi"));

        (int, JsonNode) reply = await server.AskAsync(
            "/v1/chat/completions",
            """{"model":"gpt-4","messages":[{"role":"user","content":"Hi"}]}"""
        );

        Assert.Contains("scripted", ScriptedServer.AssertError(reply, 404, "model", "model_not_found"));
        Assert.Empty(server.Chat.Calls);
    }

    [Fact]
    public async Task A_request_that_names_no_model_goes_to_the_only_one()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("Hi"));
        foreach (
            string body in (string[])
                ["""{"messages":[{"role":"user","content":"Hi"}]}""", """{"model":null,"messages":[{"role":"user","content":"Hi"}]}"""])
        {
            (int status, JsonNode reply) = await server.AskAsync("/v1/chat/completions", body);
            Assert.Equal((200, "scripted"), (status, (string)reply["model"]!));
        }

        Assert.Equal("scripted", (string)(await server.AskAsync("/v1/completions", """{"prompt":"Hi"}""")).Body["model"]!);
    }

    [Theory]
    [InlineData("GET", "/v1/chat/completions", "not kept")]
    [InlineData("GET", "/v1/chat/completions/chatcmpl-1", "not kept")]
    [InlineData("DELETE", "/v1/chat/completions/chatcmpl-1", "not kept")]
    [InlineData("GET", "/v1/chat/completions/chatcmpl-1/messages", "not kept")]
    [InlineData("POST", "/v1/responses/compact", "compacted")]
    public async Task What_the_protocol_has_and_the_server_has_not_is_refused_by_what_it_is(string method, string path, string words)
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("Hi"));
        using HttpRequestMessage request = new(new HttpMethod(method), path);

        using HttpResponseMessage reply = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);

        JsonNode body = JsonNode.Parse(await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        Assert.Contains(words, ScriptedServer.AssertError(((int)reply.StatusCode, body), 404, null, "not_found"));
    }

    // To ask for a name would be of no help: no model has what is asked for.
    [Fact]
    public async Task Where_no_model_is_of_the_purpose_the_refusal_says_what_is_missing()
    {
        ScriptedChat chat = new(Scripts.Echo);
        Models.ServedModel Named(string id) => new(id, DateTimeOffset.UnixEpoch, chat, new ScriptedText(Scripts.Echo));
        await using QwenServer server = await QwenServer.StartAsync(
            new ServerOptions { Port = 0, Models = [] }, [Named("a"), Named("b")], TestContext.Current.CancellationToken);
        using HttpClient http = new() { BaseAddress = server.Address };

        using HttpResponseMessage reply = await http.PostAsync(
            "/v1/moderations",
            new StringContent("""{"input":"x"}""", Encoding.UTF8, "application/json"),
            TestContext.Current.CancellationToken);

        Assert.Equal(400, (int)reply.StatusCode);
        Assert.Contains("Qwen3Guard", await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Of_several_models_one_must_be_named()
    {
        ScriptedChat chat = new(Scripts.Echo);
        Models.ServedModel Named(string id) => new(id, DateTimeOffset.UnixEpoch, chat, new ScriptedText(Scripts.Echo));
        await using QwenServer server = await QwenServer.StartAsync(
            new ServerOptions { Port = 0, Models = [] }, [Named("a"), Named("b")], TestContext.Current.CancellationToken);
        using HttpClient http = new() { BaseAddress = server.Address };
        async Task<JsonNode> AskAsync(string fields)
        {
            using StringContent body = new($$"""{{{fields}}"prompt":"Hi"}""", Encoding.UTF8, "application/json");
            using HttpResponseMessage reply = await http.PostAsync("/v1/completions", body, TestContext.Current.CancellationToken);
            return JsonNode.Parse(await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        }

        Assert.Equal("b", (string)(await AskAsync("\"model\":\"b\",")).AsObject()["model"]!);
        JsonNode refusal = (await AskAsync("")).AsObject()["error"]!;
        Assert.Equal(
            ("model", "missing_required_parameter", "'model' is required: this server has 'a', 'b'."),
            ((string)refusal["param"]!, (string)refusal["code"]!, (string)refusal["message"]!));
    }

    [Theory]
    [InlineData("", "invalid_json")]
    [InlineData("{", "invalid_json")]
    [InlineData("[]", "invalid_json")]
    [InlineData("""{"model":"scripted","model":"other"}""", "invalid_json")]
    public async Task A_body_that_is_not_a_JSON_object_is_refused(string body, string code)
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("Hi"));

        ScriptedServer.AssertError(await server.AskAsync("/v1/chat/completions", body), 400, param: null, code);
    }

    [Fact]
    public async Task Other_content_types_are_refused()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("Hi"));

        using HttpResponseMessage reply = await server.PostAsync("/v1/chat/completions", "{}", "text/plain");

        ScriptedServer.AssertError(await ReadAsync(reply), 415, param: null, "unsupported_media_type");
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            Scripts.Say("Hi"),
            options => options with { MaxRequestBytes = 1000 });

        (int, JsonNode) reply = await server.ChatAsync($"\"user\":\"{new string('x', 2000)}\"");

        ScriptedServer.AssertError(reply, 413, param: null, "request_too_large");
    }

    [Fact]
    public async Task Wrong_paths_and_methods_are_named()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("Hi"));

        Assert.Contains("/v1/audio", ScriptedServer.AssertError(await server.AskAsync("/v1/audio", "{}"), 404, param: null, "unknown_url"));
        using HttpResponseMessage wrong = await server.Http.GetAsync("/v1/completions", TestContext.Current.CancellationToken);
        Assert.Contains("POST", ScriptedServer.AssertError(await ReadAsync(wrong), 405, param: null, "method_not_allowed"));
    }

    [Fact]
    public async Task A_failure_of_the_server_shows_nothing_but_the_name_of_the_request()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Fail(new InvalidOperationException("secret inside")));

        using HttpResponseMessage reply = await server.PostAsync(
            "/v1/chat/completions",
            """{"model":"scripted","messages":[{"role":"user","content":"Hi"}]}"""
        );

        string message = ScriptedServer.AssertError(await ReadAsync(reply), 500, param: null, "internal_error");
        Assert.DoesNotContain("secret", message);
        Assert.Contains(Assert.Single(reply.Headers.GetValues("x-request-id")), message);
    }

    [Theory]
    [InlineData(5, 1022, 503, "server_busy")]
    [InlineData(2000, 0, 400, "too_many_choices")]
    public async Task Whoever_finds_the_queue_full_is_told_whether_to_come_back(int asked, int waiting, int status, string code)
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            Scripts.Fail(new Faults.QueueFullException(asked, waiting, limit: 1024)));

        ScriptedServer.AssertError(await server.ChatAsync(), status, param: null, code);
        ScriptedServer.AssertError(await server.CompleteAsync(), status, param: null, code);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_failure_amid_a_stream_is_its_last_event(int choices)
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(SayThenFail);

        List<string> events = await server.StreamAsync(
            "/v1/chat/completions",
            $$"""{"model":"scripted","messages":[{"role":"user","content":"Hi"}],"stream":true,"n":{{choices}}}""");

        JsonNode last = JsonNode.Parse(events[^1])!;
        Assert.Equal("internal_error", (string)last["error"]!["code"]!);
        Assert.Contains("Good", events[1]);
        Assert.DoesNotContain("[DONE]", events);

        static async IAsyncEnumerable<ChatResponseUpdate> SayThenFail(
            ScriptedCall call,
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken token)
        {
            yield return new ChatResponseUpdate(ChatRole.Assistant, "Good");
            await Task.Yield();
            throw new InvalidOperationException("secret inside");
        }
    }

    [Fact]
    public async Task An_answer_that_ends_without_a_reason_is_a_failure_not_a_short_answer()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            Scripts.Updates(new ChatResponseUpdate(ChatRole.Assistant, "Go")));

        ScriptedServer.AssertError(await server.ChatAsync(), 500, param: null, "internal_error");
        ScriptedServer.AssertError(await server.CompleteAsync(), 500, param: null, "internal_error");
    }

    [Fact]
    public async Task The_API_key_is_asked_for_everywhere_but_at_health()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            Scripts.Say("Hi"),
            options => options with { ApiKey = "open sesame" });

        ScriptedServer.AssertError(await server.ChatAsync(), 401, param: null, "invalid_api_key");
        using HttpResponseMessage health = await server.Http.GetAsync("/health", TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)health.StatusCode);
        server.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "open sesam");
        ScriptedServer.AssertError(await server.ChatAsync(), 401, param: null, "invalid_api_key");
        server.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "open sesame");
        Assert.Equal(200, (await server.ChatAsync()).Status);
    }

    [Theory]
    [InlineData("evil.example", 403)]
    [InlineData("localhost", 200)]
    [InlineData("127.0.0.1", 200)]
    [InlineData("[::1]", 200)]
    public async Task A_server_of_this_machine_answers_only_to_its_names(string host, int status)
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("Hi"));
        using HttpRequestMessage request = new(HttpMethod.Get, "/v1/models") { Headers = { Host = $"{host}:1234" } };

        using HttpResponseMessage reply = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(status, (int)reply.StatusCode);
    }

    [Fact]
    public async Task Two_models_of_one_name_are_refused_at_the_start()
    {
        Models.ServedModel model = new("a", DateTimeOffset.UnixEpoch, new ScriptedChat(Scripts.Echo), new ScriptedText(Scripts.Echo));

        ArgumentException fault = await Assert.ThrowsAsync<ArgumentException>(() =>
            QwenServer.StartAsync(new ServerOptions { Port = 0, Models = [] }, [model, model], TestContext.Current.CancellationToken));

        Assert.Contains("'a'", fault.Message);
    }

    private static async Task<(int, JsonNode)> ReadAsync(HttpResponseMessage reply) =>
        ((int)reply.StatusCode, JsonNode.Parse(await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!);
}
