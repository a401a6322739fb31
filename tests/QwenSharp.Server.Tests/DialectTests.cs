using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Faults;
using QwenSharp.Server.Tests.Scripted;

namespace QwenSharp.Server.Tests;

/// <summary>A further dialect beside OpenAI's: its own routes, fields, events, faults and key.</summary>
public class DialectTests
{
    [Fact]
    public async Task A_new_dialect_answers_in_its_own_shape()
    {
        await using ScriptedServer server = await StartAsync(Scripts.Say("Good", "day"));

        (int status, JsonNode body) = await server.AskAsync("/stub/say", """{"words":"Hi","heat":99}""");

        Assert.Equal((200, """{"said":"Good day","spent":2}"""), (status, body.ToJsonString()));
        Assert.Equal(99, server.Chat.Calls[0].Options.Temperature);
        Assert.Equal("Hi", server.Chat.Calls[0].Messages[0].Text);
    }

    [Fact]
    public async Task It_streams_its_own_events()
    {
        await using ScriptedServer server = await StartAsync(Scripts.Say("Good", "day"));

        using HttpResponseMessage reply = await server.PostAsync("/stub/say", """{"words":"Hi","streamed":true}""");

        Assert.Equal("text/event-stream", reply.Content.Headers.ContentType!.MediaType);
        Assert.Equal(
            """
            event: said
            data: {"more":"Good","last":false}

            event: said
            data: {"more":" day","last":false}

            event: said
            data: {"more":"","last":true}

            event: enough
            data: {}


            """,
            await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("""{"words":"Hi","heat":101}""", 400, """{"alas":"HEAT must be a number from 0 to 100, not 101.","most":100}""", "Option")]
    [InlineData("""{"who":"scripted"}""", 400, """{"alas":"WORDS is required.","most":null}""", "Option")]
    [InlineData("""{"words":"Hi","messages":[]}""", 400, null, "Option")]
    [InlineData("""{"words":"Hi","who":"other"}""", 404, null, "UnknownModel")]
    [InlineData("{", 400, null, "NotJson")]
    public async Task It_words_the_faults_of_a_request(string request, int status, string? expected, string kind)
    {
        await using ScriptedServer server = await StartAsync(Scripts.Say("Hi"));

        using HttpResponseMessage reply = await server.PostAsync("/stub/say", request);

        JsonNode body = JsonNode.Parse(await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        Assert.Equal((status, kind), ((int)reply.StatusCode, reply.Headers.GetValues("x-stub-alas").Single()));
        Assert.Equal(["alas", "most"], body.AsObject().Select(field => field.Key));
        if (expected is not null)
            Assert.Equal(expected, body.ToJsonString());
    }

    [Fact]
    public async Task What_a_model_finds_is_worded_by_each_dialect_with_its_own_names()
    {
        Exception fault = new OptionException(OptionFault.OutOfRange("Temperature", 50, Bounds.Between(0, 5)));
        await using ScriptedServer server = await StartAsync(Scripts.Fail(fault));

        Assert.Equal(
            """{"alas":"HEAT is 50; it must be 0 to 5.","most":5}""",
            (await server.AskAsync("/stub/say", """{"words":"Hi"}""")).Body.ToJsonString());
        Assert.Equal(
            "'temperature' is 50; it must be 0 to 5.",
            ScriptedServer.AssertError(await server.ChatAsync(), 400, "temperature", "invalid_value"));
    }

    [Fact]
    public async Task A_failure_amid_its_stream_is_its_own_last_event()
    {
        await using ScriptedServer server = await StartAsync(SayThenFail);

        using HttpResponseMessage reply = await server.PostAsync("/stub/say", """{"words":"Hi","streamed":true}""");

        string[] events = (await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).TrimEnd().Split("\n\n");
        Assert.StartsWith("event: said\n", events[0]);
        Assert.StartsWith("event: alas\n", events[^1]);
        Assert.DoesNotContain("secret", events[^1]);

        static async IAsyncEnumerable<ChatResponseUpdate> SayThenFail(
            ScriptedCall call,
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken token)
        {
            yield return new ChatResponseUpdate(ChatRole.Assistant, "Good");
            await Task.Yield();
            throw new InvalidOperationException("secret inside");
        }
    }

    [Theory]
    [InlineData("/stub/sing", 404, "UnknownPath")]
    [InlineData("/stub/say", 405, "Method")]
    public async Task What_no_route_takes_is_worded_by_the_dialect_whose_path_it_is(string path, int status, string kind)
    {
        await using ScriptedServer server = await StartAsync(Scripts.Say("Hi"));

        using HttpResponseMessage own = await server.Http.GetAsync(path, TestContext.Current.CancellationToken);
        using HttpResponseMessage other = await server.Http.GetAsync("/elsewhere", TestContext.Current.CancellationToken);

        Assert.Equal((status, kind), ((int)own.StatusCode, own.Headers.GetValues("x-stub-alas").Single()));
        Assert.False(other.Headers.Contains("x-stub-alas"));
    }

    [Fact]
    public async Task It_has_a_header_of_its_own_for_the_key()
    {
        await using ScriptedServer server = await StartAsync(Scripts.Say("Hi"), options => options with { ApiKey = "open sesame" });
        (int status, JsonNode body) = await server.AskAsync("/stub/say", """{"words":"Hi"}""");
        Assert.Equal(401, status);
        Assert.Contains("x-stub-key", (string)body["alas"]!);

        server.Http.DefaultRequestHeaders.Add("x-stub-key", "open sesame");

        Assert.Equal(200, (await server.AskAsync("/stub/say", """{"words":"Hi"}""")).Status);
        Assert.Contains("Bearer", ScriptedServer.AssertError(await server.ChatAsync(), 401, param: null, "invalid_api_key"));
    }

    private static Task<ScriptedServer> StartAsync(Script script, Func<ServerOptions, ServerOptions>? configure = null) =>
        ScriptedServer.StartAsync(script, configure, new StubDialect());
}
