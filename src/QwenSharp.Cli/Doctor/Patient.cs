using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace QwenSharp.Cli.Doctor;

/// <summary>A reply, whole.</summary>
/// <param name="Status">Its status.</param>
/// <param name="Text">Its body.</param>
/// <param name="Took">From the request to its end.</param>
internal sealed record Reply(int Status, string Text, TimeSpan Took)
{
    /// <summary>The body as JSON; null where it is none.</summary>
    public JsonNode? Json { get; } = Parse(Text);

    /// <summary>The message of the error that it reports, in OpenAI's shape or another's; else the beginning of its text.</summary>
    public string Error =>
        Json.At("error", "message").Text() ?? Json.At("error").Text() ?? Json.At("message").Text() ?? Json.At("detail").Text()
        ?? (Text.Length > 200 ? Text[..200] : Text);

    private static JsonNode? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>An event of a stream.</summary>
/// <param name="Data">What it says.</param>
/// <param name="After">When it came, from the request on.</param>
internal sealed record StreamEvent(string Data, TimeSpan After);

/// <summary>A stream, read to its end.</summary>
/// <param name="Status">The reply's status.</param>
/// <param name="MediaType">Its media type.</param>
/// <param name="Events">What came.</param>
/// <param name="Text">The body where it was no stream.</param>
internal sealed record StreamedReply(int Status, string? MediaType, IReadOnlyList<StreamEvent> Events, string Text);

/// <summary>The server that is looked at, as a client sees it.</summary>
internal sealed class Patient : IDisposable
{
    private readonly HttpClient _http;
    private int _connections;

    /// <param name="address">Its address, with <c>/v1</c> or without.</param>
    /// <param name="key">The key to send; null for none.</param>
    /// <param name="patience">How long a reply may take.</param>
    public Patient(Uri address, string? key, TimeSpan patience)
    {
        string path = address.AbsoluteUri.TrimEnd('/');
        Address = new Uri(path.EndsWith("/v1", StringComparison.Ordinal) ? path[..^"v1".Length] : path + "/");
        SocketsHttpHandler handler = new()
        {
            ConnectCallback = async (context, cancellationToken) =>
            {
                Interlocked.Increment(ref _connections);
                Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                try
                {
                    await socket.ConnectAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        _http = new HttpClient(handler) { BaseAddress = Address, Timeout = patience };
        if (key is not null)
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    /// <summary>Where it is, with a slash at the end and without <c>v1</c>.</summary>
    public Uri Address { get; }

    /// <summary>How many connections were opened.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Gets what is at a path.</summary>
    /// <exception cref="HttpRequestException">It cannot be reached.</exception>
    public Task<Reply> GetAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, path), cancellationToken);

    /// <summary>Posts a body as it stands.</summary>
    /// <exception cref="HttpRequestException">It cannot be reached.</exception>
    public Task<Reply> PostAsync(string path, string json, CancellationToken cancellationToken) =>
        SendAsync(Post(path, json), cancellationToken);

    /// <summary>Posts a body and reads the events of the reply, with the times at which they come.</summary>
    /// <param name="path">The path.</param>
    /// <param name="json">The body.</param>
    /// <param name="most">Hangs up behind so many events.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="HttpRequestException">It cannot be reached.</exception>
    public async Task<StreamedReply> StreamAsync(string path, string json, CancellationToken cancellationToken, int most = int.MaxValue)
    {
        long start = Stopwatch.GetTimestamp();
        using HttpRequestMessage request = Post(path, json);
        using HttpResponseMessage reply =
            await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        string? type = reply.Content.Headers.ContentType?.MediaType;
        if (type != "text/event-stream")
        {
            return new StreamedReply(
                (int)reply.StatusCode, type, [], await reply.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false));
        }

        List<StreamEvent> events = [];
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(_http.Timeout);
        using StreamReader lines = new(await reply.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false));
        while (events.Count < most && await lines.ReadLineAsync(patience.Token).ConfigureAwait(false) is { } line)
        {
            if (line.StartsWith("data:", StringComparison.Ordinal))
                events.Add(new StreamEvent(line["data:".Length..].TrimStart(), Stopwatch.GetElapsedTime(start)));
        }

        return new StreamedReply((int)reply.StatusCode, type, events, "");
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static HttpRequestMessage Post(string path, string json) =>
        new(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };

    private async Task<Reply> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using HttpRequestMessage sent = request;
        long start = Stopwatch.GetTimestamp();
        using HttpResponseMessage reply = await _http.SendAsync(sent, cancellationToken).ConfigureAwait(false);
        string text = await reply.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        return new Reply((int)reply.StatusCode, text, Stopwatch.GetElapsedTime(start));
    }
}

/// <summary>JSON of a server that may say anything: what is not there, or is something else, is null.</summary>
internal static class LenientJson
{
    /// <summary>The value at a path of names.</summary>
    public static JsonNode? At(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        foreach (string name in path)
            node = node is JsonObject map && map.TryGetPropertyValue(name, out JsonNode? value) ? value : null;

        return node;
    }

    /// <summary>An item of a list.</summary>
    public static JsonNode? At(this JsonNode? node, int index) => node is JsonArray list && index < list.Count ? list[index] : null;

    /// <summary>A text.</summary>
    public static string? Text(this JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    /// <summary>A whole number.</summary>
    public static long? Number(this JsonNode? node) => node is JsonValue value && value.TryGetValue(out long number) ? number : null;
}
