using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace QwenSharp.Cli.Tests.Code;

/// <summary>
/// A model behind OpenAI's chat completions that plays a script, a turn a request: the pieces of a stream as servers send them, with calls
/// whose arguments come in parts. It keeps what it was asked.
/// </summary>
internal sealed class FakeEndpoint : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly ConcurrentQueue<JsonObject> _turns;
    private int _answered;

    /// <param name="turns">
    /// Each <c>{"text": …, "reasoning": …, "calls": [{"name": …, "arguments": {…}}]}</c>, or <c>{"status": 503, "error": …}</c>.
    /// </param>
    public FakeEndpoint(params IEnumerable<string> turns)
    {
        _turns = new(turns.Select(turn => JsonNode.Parse(turn)!.AsObject()));
        using (TcpListener free = new(IPAddress.Loopback, 0))
        {
            free.Start();
            Url = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}";
        }

        _listener.Prefixes.Add(Url + "/");
        _listener.Start();
        _ = ServeAsync();
    }

    public string Url { get; }

    /// <summary>The bodies of the requests.</summary>
    public ConcurrentQueue<JsonElement> Requests { get; } = [];

    /// <summary>The values of the Authorization header, empty where there was none.</summary>
    public ConcurrentQueue<string> Keys { get; } = [];

    /// <summary>Called when the first request is there.</summary>
    public TaskCompletionSource FirstRequest { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Dispose() => _listener.Close();

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext http;
            try
            {
                http = await _listener.GetContextAsync();
            }
            catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            using StreamReader reader = new(http.Request.InputStream);
            string body = await reader.ReadToEndAsync();
            if (http.Request.Url!.AbsolutePath != "/v1/chat/completions" || !_turns.TryDequeue(out JsonObject? turn))
            {
                Reply(http, 404, """{"error": {"message": "The script has no turn more.", "type": "not_found"}}""");
                continue;
            }

            Requests.Enqueue(JsonElement.Parse(body));
            Keys.Enqueue(http.Request.Headers["Authorization"] ?? "");
            FirstRequest.TrySetResult();
            if (turn["status"] is { } status)
                Reply(http, (int)status, $$"""{"error": {"message": {{turn["error"]!.ToJsonString()}} } }""");
            else
                Stream(http, turn, Interlocked.Increment(ref _answered));
        }
    }

    private static void Reply(HttpListenerContext http, int status, string body)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        http.Response.Close(Encoding.UTF8.GetBytes(body), willBlock: false);
    }

    private static void Stream(HttpListenerContext http, JsonObject turn, int number)
    {
        http.Response.ContentType = "text/event-stream";
        http.Response.SendChunked = true;
        using StreamWriter writer = new(http.Response.OutputStream, new UTF8Encoding(false));
        Send(new JsonObject { ["role"] = "assistant", ["content"] = "" });
        foreach (char[] piece in (turn["reasoning"]?.GetValue<string>() ?? "").Chunk(5))
            Send(new JsonObject { ["reasoning_content"] = new string(piece) });

        foreach (char[] piece in (turn["text"]?.GetValue<string>() ?? "").Chunk(5))
            Send(new JsonObject { ["content"] = new string(piece) });

        JsonArray calls = turn["calls"]?.AsArray() ?? [];
        for (int i = 0; i < calls.Count; i++)
        {
            Send(Call(i, new JsonObject
            {
                ["id"] = $"call_{number}_{i}",
                ["type"] = "function",
                ["function"] = new JsonObject { ["name"] = calls[i]!["name"]!.DeepClone(), ["arguments"] = "" },
            }));
            string arguments = calls[i]!["arguments"] is JsonValue text ? text.GetValue<string>() : calls[i]!["arguments"]!.ToJsonString();
            foreach (char[] piece in arguments.Chunk(9))
                Send(Call(i, new JsonObject { ["function"] = new JsonObject { ["arguments"] = new string(piece) } }));
        }

        Write(Chunk([], calls.Count > 0 ? "tool_calls" : "stop"));
        JsonObject usage = Chunk(null, null);
        usage["choices"] = new JsonArray();
        usage["usage"] = new JsonObject
        {
            ["prompt_tokens"] = 1000 * number,
            ["completion_tokens"] = 20,
            ["total_tokens"] = (1000 * number) + 20,
            ["prompt_tokens_details"] = new JsonObject { ["cached_tokens"] = 900 * (number - 1) },
        };
        Write(usage);
        writer.Write("data: [DONE]\n\n");

        void Send(JsonObject delta) => Write(Chunk(delta, null));

        void Write(JsonObject chunk)
        {
            writer.Write($"data: {chunk.ToJsonString()}\n\n");
            writer.Flush();
        }

        JsonObject Chunk(JsonObject? delta, string? finish) => new()
        {
            ["id"] = $"chatcmpl-{number}",
            ["object"] = "chat.completion.chunk",
            ["created"] = 1,
            ["model"] = "scripted",
            ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["delta"] = delta, ["finish_reason"] = finish }),
        };
    }

    private static JsonObject Call(int index, JsonObject call)
    {
        call["index"] = index;
        return new JsonObject { ["tool_calls"] = new JsonArray(call) };
    }
}
