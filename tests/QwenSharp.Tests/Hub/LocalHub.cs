using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using QwenSharp.Hub;

namespace QwenSharp.Tests.Hub;

/// <summary>
/// A hub on 127.0.0.1 that speaks Hugging Face's and ModelScope's protocols over plain sockets, so that it can also break off, lie,
/// redirect and stall.
/// It answers as the real ones do unless <see cref="Intercept"/> has another answer.
/// </summary>
internal sealed class LocalHub : IDisposable
{
    public const string Repo = "Qwen/Tiny-GGUF";
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _closing = new();

    public LocalHub()
    {
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>Its address.</summary>
    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>The files of its one repository.</summary>
    public Dictionary<string, byte[]> Files { get; } = [];

    /// <summary>Files that are Git LFS pointers on Hugging Face: listed with SHA-256. The others have Git's blob id.</summary>
    public Func<string, bool> IsLarge { get; set; } =
        path => path.EndsWith(".gguf", StringComparison.Ordinal) || path.EndsWith(".safetensors", StringComparison.Ordinal);

    /// <summary>Another answer than the usual one; null for the usual one.</summary>
    public Func<HubRequest, HubReply?> Intercept { get; set; } = _ => null;

    /// <summary>All requests so far.</summary>
    public ConcurrentQueue<HubRequest> Requests { get; } = [];

    /// <summary>Requests for content.</summary>
    public IEnumerable<HubRequest> Transfers => Requests.Where(request => request.IsTransfer);

    /// <summary>Options that make a client use this hub, a cache in a folder, small ranges, and a clock that does not wait.</summary>
    public HubOptions Options(TemporaryFolder folder) => new()
    {
        HuggingFaceEndpoint = Address,
        HuggingFaceCache = folder["hub"],
        ModelScopeEndpoint = Address,
        ModelScopeCache = folder["modelscope"],
        RangeSize = 4096,
        MarkSize = 1024,
        Time = new InstantTime(),
    };

    /// <summary>Bytes that no range resembles another in.</summary>
    public static byte[] Content(int length, int seed = 1)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    public static string GitBlob(byte[] content) =>
        Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));

    /// <summary>The hash under which a file is listed, and stored.</summary>
    public string HashOf(string path) => IsLarge(path) ? Sha256(Files[path]) : GitBlob(Files[path]);

    /// <summary>Hugging Face's answer about the repository.</summary>
    public JsonObject Listing() => new()
    {
        ["id"] = Repo,
        ["sha"] = Commit,
        ["siblings"] = new JsonArray([.. Files.Select(file =>
        {
            JsonObject entry = new() { ["rfilename"] = file.Key, ["size"] = file.Value.Length, ["blobId"] = GitBlob(file.Value) };
            if (IsLarge(file.Key))
                entry["lfs"] = new JsonObject { ["sha256"] = Sha256(file.Value), ["size"] = file.Value.Length, ["pointerSize"] = 135 };

            return (JsonNode)entry;
        })]),
    };

    /// <summary>The usual answer.</summary>
    public HubReply Usual(HubRequest request)
    {
        if (request.Path.StartsWith($"/api/models/{Repo}/revision/", StringComparison.Ordinal))
            return HubReply.Json(Listing());
        if (request.Path == $"/api/v1/models/{Repo}/repo/files")
            return HubReply.Json(ModelScopeListing());

        return request.File is { } path && Files.TryGetValue(path, out byte[]? content)
            ? HubReply.Content(content, request).With("ETag", $"\"{HashOf(path)}\"")
            : HubReply.Status(404);
    }

    public void Dispose()
    {
        _closing.Cancel();
        _listener.Stop();
    }

    private JsonObject ModelScopeListing() =>
        new()
        {
            ["Code"] = 200,
            ["Data"] = new JsonObject
            {
                ["Files"] = new JsonArray([
                    new JsonObject
                    {
                        ["Path"] = "folder",
                        ["Type"] = "tree",
                        ["Size"] = 0,
                    },
                    .. Files.Select(file =>
                        (JsonNode)
                            new JsonObject
                            {
                                ["Path"] = file.Key,
                                ["Type"] = "blob",
                                ["Size"] = file.Value.Length,
                                ["Sha256"] = Sha256(file.Value),
                            }),
                ]),
            },
        };

    private async Task AcceptAsync()
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_closing.Token);
                _ = Task.Run(() => ServeAsync(client));
            }
            catch (Exception closed) when (closed is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                NetworkStream stream = client.GetStream();
                HubRequest request = await HubRequest.ReadAsync(stream, _closing.Token);
                Requests.Enqueue(request);
                await (Intercept(request) ?? Usual(request)).WriteAsync(stream, _closing.Token);
                client.Client.Shutdown(SocketShutdown.Send);
            }
            catch (Exception gone) when (gone is IOException or SocketException or OperationCanceledException)
            {
                // The client hung up, or the test is over.
            }
        }
    }
}

/// <summary>What a client asked.</summary>
internal sealed record HubRequest(string Path, string Query, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>The first byte asked for; null where all are.</summary>
    public long? From =>
        Headers.TryGetValue("Range", out string? range)
            ? long.Parse(range["bytes=".Length..range.IndexOf('-')], CultureInfo.InvariantCulture)
            : null;

    /// <summary>The last byte asked for.</summary>
    public long? To =>
        Headers.TryGetValue("Range", out string? range)
            ? long.Parse(range[(range.IndexOf('-') + 1)..], CultureInfo.InvariantCulture)
            : null;

    public string? Token => Headers.GetValueOrDefault("Authorization");

    public bool IsTransfer => File is not null;

    /// <summary>The file of the repository whose content is wanted.</summary>
    public string? File
    {
        get
        {
            string resolve = $"/{LocalHub.Repo}/resolve/";
            if (Path.StartsWith(resolve, StringComparison.Ordinal))
                return Uri.UnescapeDataString(Path[(Path.IndexOf('/', resolve.Length) + 1)..]);

            const string Parameter = "FilePath=";
            return Query.IndexOf(Parameter, StringComparison.Ordinal) is >= 0 and var at
                ? Uri.UnescapeDataString(Query[(at + Parameter.Length)..])
                : null;
        }
    }

    public static async Task<HubRequest> ReadAsync(Stream stream, CancellationToken stop)
    {
        StringBuilder head = new();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one, stop) == 0)
                throw new IOException("The client sent no request.");

            head.Append((char)one[0]);
        }

        string[] lines = head.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        string[] target = lines[0].Split(' ')[1].Split('?', 2);
        return new HubRequest(
            target[0],
            target.Length > 1 ? target[1] : "",
            lines[1..].Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase)
        );
    }
}

/// <summary>What a hub answers.</summary>
internal sealed record HubReply(int Code, Dictionary<string, string> Headers, byte[] Body)
{
    /// <summary>Bytes after which the connection breaks; null for none.</summary>
    public int? BreakAfter { get; init; }

    /// <summary>What is awaited before the rest after <see cref="BreakAfter"/> bytes would come.</summary>
    public Task? Hold { get; init; }

    public static HubReply Status(int code, string text = "") => new(code, [], Encoding.UTF8.GetBytes(text));

    public static HubReply Json(JsonNode json) => Text(json.ToJsonString(), "application/json");

    public static HubReply Text(string text, string type) => Status(200, text).With("Content-Type", type);

    public static HubReply Redirect(string to) => Status(302).With("Location", to);

    /// <summary>A file, or the range of it that is asked for.</summary>
    public static HubReply Content(byte[] content, HubRequest request)
    {
        if (request.From is not { } from)
            return new HubReply(200, [], content);

        long to = Math.Min(request.To!.Value, content.Length - 1);
        return new HubReply(206, [], content[(int)from..(int)(to + 1)]).With("Content-Range", $"bytes {from}-{to}/{content.Length}");
    }

    public HubReply With(string header, string value) =>
        this with
        {
            Headers = new Dictionary<string, string>(Headers) { [header] = value },
        };

    public async Task WriteAsync(Stream stream, CancellationToken stop)
    {
        Dictionary<string, string> headers = new(Headers) { ["Connection"] = "close" };
        headers.TryAdd("Content-Length", $"{Body.Length}");
        headers = headers.Where(header => header.Value.Length > 0).ToDictionary();
        string head =
            $"HTTP/1.1 {Code} {(HttpStatusCode)Code}\r\n{string.Concat(headers.Select(header => $"{header.Key}: {header.Value}\r\n"))}\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head), stop);
        await stream.WriteAsync(Body.AsMemory(0, Math.Min(Body.Length, BreakAfter ?? Body.Length)), stop);
        await stream.FlushAsync(stop);
        if (Hold is not null)
            await Hold.WaitAsync(stop);
    }
}
