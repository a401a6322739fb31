using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using QwenSharp.Gateway.Configuration;
using QwenSharp.Gateway.Providers;

namespace QwenSharp.Server.Tests.Gateway;

/// <summary>What a fake provider does with a request.</summary>
internal delegate Task FakeReply(HttpContext http);

/// <summary>A request as a provider got it.</summary>
internal sealed record FakeRequest(string Path, IHeaderDictionary Headers, byte[] Body)
{
    public JsonNode Json => JsonNode.Parse(Body)!;
}

/// <summary>Somebody elsewhere on a free port of this machine, who says what the test wrote and keeps what it was asked.</summary>
internal sealed class FakeProvider : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Queue<FakeReply> _replies;
    private readonly List<FakeRequest> _requests = [];

    private FakeProvider(WebApplication app, IEnumerable<FakeReply> replies) => (_app, _replies) = (app, new Queue<FakeReply>(replies));

    public IReadOnlyList<FakeRequest> Requests
    {
        get
        {
            lock (_requests)
                return [.. _requests];
        }
    }

    /// <summary>The requests whose sender hung up before their reply was whole.</summary>
    public int HungUp { get; private set; }

    public Uri Address => new(_app.Urls.First());

    /// <param name="replies">One for each request; the last for all that follow.</param>
    public static async Task<FakeProvider> StartAsync(params FakeReply[] replies)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.SetMinimumLevel(LogLevel.None);
        WebApplication app = builder.Build();
        FakeProvider fake = new(app, replies);
        app.Run(fake.AnswerAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return fake;
    }

    /// <summary>The provider as a configuration has it.</summary>
    public ProviderPlace As(string name, ProviderKind kind) => new(new ProviderSettings(name, kind, Address) { ApiKey = "upstream-key" });

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        using MemoryStream body = new();
        await http.Request.Body.CopyToAsync(body);
        FakeReply reply;
        lock (_requests)
        {
            _requests.Add(new FakeRequest(
                http.Request.Path + http.Request.QueryString, new HeaderDictionary(http.Request.Headers.ToDictionary()), body.ToArray()));
            reply = _replies.Count > 1 ? _replies.Dequeue() : _replies.Peek();
        }

        http.Items["body"] = Encoding.UTF8.GetString(body.ToArray()).Replace(" ", "", StringComparison.Ordinal);
        try
        {
            await reply(http);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            HungUp++;
        }
    }
}

/// <summary>Replies that tests share.</summary>
internal static class FakeReplies
{
    /// <summary>A whole JSON.</summary>
    public static FakeReply Json(string json, int status = 200, params (string Name, string Value)[] headers) => http =>
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        foreach ((string name, string value) in headers)
            http.Response.Headers[name] = value;

        return http.Response.WriteAsync(json);
    };

    /// <summary>A stream of bytes, flushed after each part.</summary>
    public static FakeReply Stream(params string[] parts) => async http =>
    {
        if (!http.Response.HasStarted)
            http.Response.ContentType = "text/event-stream";

        foreach (string part in parts)
        {
            await http.Response.WriteAsync(part);
            await http.Response.Body.FlushAsync();
        }
    };

    /// <summary>The beginning of a stream, whose connection then breaks.</summary>
    public static FakeReply Cut(params string[] parts) => async http =>
    {
        await Stream(parts)(http);
        await Task.Delay(50);
        http.Abort();
    };

    /// <summary>The beginning of a stream, and then nothing until the sender hangs up.</summary>
    public static FakeReply Hang(params string[] parts) => async http =>
    {
        await Stream(parts)(http);
        await Task.Delay(Timeout.Infinite, http.RequestAborted);
    };

    /// <summary>A stream that says the same again and again until the sender hangs up.</summary>
    public static FakeReply Drip(string part) => async http =>
    {
        while (true)
        {
            await Stream(part)(http);
            await Task.Delay(50, http.RequestAborted);
        }
    };

    /// <summary>An answer of OpenAI's chat completions, streamed or whole as the request asks.</summary>
    public static FakeReply Chat(params string[] words) => http => IsStreamed(http)
        ? Stream([
            .. words.Select(word => ChatChunk($$"""{"content":"{{word}}"}""")),
            ChatChunk("{}", "stop"),
            """data: {"id":"c","object":"chat.completion.chunk","model":"up","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":3}}""" + "\n\n",
            "data: [DONE]\n\n",
        ])(http)
        : Json(ChatWhole($$"""{"role":"assistant","content":"{{string.Concat(words)}}"}""", "stop"))(http);

    /// <summary>A call of OpenAI's chat completions.</summary>
    public static FakeReply ChatCall(string id, string name, string arguments) => http =>
    {
        string text = System.Text.Json.JsonSerializer.Serialize(arguments);
        return IsStreamed(http)
            ? Stream(
                ChatChunk($$$"""{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"{{{id}}}","type":"function","function":{"name":"{{{name}}}","arguments":""}}]}"""),
                ChatChunk($$$"""{"tool_calls":[{"index":0,"function":{"arguments":{{{text}}}}}]}"""),
                ChatChunk("{}", "tool_calls"),
                """data: {"id":"c","object":"chat.completion.chunk","model":"up","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":3}}""" + "\n\n",
                "data: [DONE]\n\n")(http)
            : Json(ChatWhole(
                $$$"""{"role":"assistant","content":null,"tool_calls":[{"id":"{{{id}}}","type":"function","function":{"name":"{{{name}}}","arguments":{{{text}}}}}]}""",
                "tool_calls"))(http);
    };

    /// <summary>An answer of Anthropic's messages, streamed or whole as the request asks.</summary>
    public static FakeReply Message(params string[] words) => http => IsStreamed(http)
        ? Stream([
            Event("message_start", """{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"up","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":11,"output_tokens":1}}}"""),
            Event("content_block_start", """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"""),
            .. words.Select(word => Event(
                "content_block_delta",
                $$$"""{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"{{{word}}}"}}""")),
            Event("content_block_stop", """{"type":"content_block_stop","index":0}"""),
            Event("message_delta", """{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":3}}"""),
            Event("message_stop", """{"type":"message_stop"}"""),
        ])(http)
        : Json(MessageWhole($$"""{"type":"text","text":"{{string.Concat(words)}}"}""", "end_turn"))(http);

    /// <summary>A call of Anthropic's messages, behind a thought with a signature.</summary>
    public static FakeReply MessageCall(string id, string name, string input, string? signature = null) => Json(MessageWhole(
        (signature is null ? "" : $$"""{"type":"thinking","thinking":"Hm.","signature":"{{signature}}"},""")
            + $$"""{"type":"tool_use","id":"{{id}}","name":"{{name}}","input":{{input}}}""",
        "tool_use"));

    public static string Event(string name, string data) => $"event: {name}\ndata: {data}\n\n";

    public static string ChatChunk(string delta, string? finish = null)
    {
        string reason = finish is null ? "null" : $"\"{finish}\"";
        return "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"up\",\"choices\":[{\"index\":0,\"delta\":"
            + $"{delta},\"finish_reason\":{reason}}}]}}\n\n";
    }

    public static string ChatWhole(string message, string finish) =>
        $$$"""{"id":"c","object":"chat.completion","created":1,"model":"up","choices":[{"index":0,"message":{{{message}}},"finish_reason":"{{{finish}}}"}],"usage":{"prompt_tokens":11,"completion_tokens":3,"total_tokens":14}}""";

    public static string MessageWhole(string content, string stop) =>
        $$$"""{"id":"m","type":"message","role":"assistant","model":"up","content":[{{{content}}}],"stop_reason":"{{{stop}}}","stop_sequence":null,"usage":{"input_tokens":11,"output_tokens":3}}""";

    private static bool IsStreamed(HttpContext http) => http.Items["body"] is string body && body.Contains("\"stream\":true", StringComparison.Ordinal);
}
