using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using QwenSharp.Gateway.Providers;

namespace QwenSharp.Gateway.Tests.Fixtures;

/// <summary>Streams of every provider: however they are cut and spelled, what is read of them is the same.</summary>
public class StreamFixtureTests
{
    private static readonly (string Name, Func<string, string> Spell)[] Spellings =
    [
        ("with CRLF", text => Lines(text, "\r\n")),
        ("with CR", text => Lines(text, "\r")),
        ("with a byte order mark", text => "\uFEFF" + text),
        ("without a last empty line", text => text.TrimEnd('\r', '\n')),
        ("without a space", text => text.Replace("data: ", "data:", StringComparison.Ordinal)),
        ("with comments", text => text.Replace("data:", ": keep-alive\ndata:", StringComparison.Ordinal)),
        ("with lines of data", text => text.Replace("data: {", "data: {\ndata: ", StringComparison.Ordinal)),
    ];

    public static TheoryData<string> Streams() => [.. ProviderFixture.Named("stream-")];

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task A_stream_is_read_alike_in_every_cut(string path)
    {
        byte[] bytes = ProviderFixture.Bytes(path);
        foreach (int size in (int[])[1, 2, 3, 7, 4096])
            await CheckAsync(path, bytes, size);
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task A_stream_is_read_alike_in_every_spelling(string path)
    {
        if (!path.EndsWith(".sse", StringComparison.Ordinal))
            return;

        string text = Encoding.UTF8.GetString(ProviderFixture.Bytes(path));
        foreach ((string name, Func<string, string> spell) in Spellings)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(name);
            await CheckAsync(path, Encoding.UTF8.GetBytes(spell(text)), 5);
        }
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task A_compressed_stream_is_read_alike(string path)
    {
        using MemoryStream packed = new();
        await using (GZipStream gzip = new(packed, CompressionLevel.Fastest, leaveOpen: true))
            await gzip.WriteAsync(ProviderFixture.Bytes(path), TestContext.Current.CancellationToken);

        Reading reading = await ReadAsync(path, packed.ToArray(), 7, "gzip");
        Expectation.Check(ProviderFixture.Expected(path), reading);
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task A_stream_without_its_own_end_is_cut(string path)
    {
        byte[] bytes = ProviderFixture.Bytes(path);
        Reading whole = await ReadAsync(path, bytes, 4096);
        if (whole.Error is not null)
            return;

        // Behind the end nothing is missing: what is cut away here has something of it.
        for (int length = 0; length < bytes.Length * 3 / 4; length += Math.Max(1, bytes.Length / 17))
        {
            Reading reading = await ReadAsync(path, bytes[..length], 4096);
            Assert.NotNull(reading.Error);
            Assert.Equal(ProviderErrorKind.Cut, reading.Error.Kind);
            Assert.True(reading.Error.Retryable);
            Assert.Equal(reading.Updates.Count > 0, reading.Error.AfterFirstToken);
            Assert.Null(reading.Finish);
        }
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task Pieces_come_as_they_are_sent(string path)
    {
        if (!ProviderFixture.Expected(path).TryGetProperty("pieces", out JsonElement pieces))
            return;

        Reading reading = await ReadAsync(path, ProviderFixture.Bytes(path), 4096);
        Assert.Equal(
            pieces.EnumerateArray().Select(piece => piece.GetString()),
            reading.Updates.Select(update => update.Text).Where(text => text.Length > 0));
    }

    private static async Task CheckAsync(string path, byte[] bytes, int size) =>
        Expectation.Check(ProviderFixture.Expected(path), await ReadAsync(path, bytes, size));

    private static Task<Reading> ReadAsync(string path, byte[] bytes, int size, string? encoding = null)
    {
        string type = Path.GetExtension(path) switch
        {
            ".ndjson" => "application/x-ndjson",
            ".b64" => "application/vnd.amazon.eventstream",
            _ => "text/event-stream;charset=UTF-8",
        };
        CannedReply http = new(HttpStatusCode.OK, type, bytes, size);
        if (encoding is not null)
            http.Headers.Add(("Content-Encoding", encoding));

        return Reading.OfAsync(Make.Provider(ProviderFixture.Kind(path), http), Make.Call(model: ProviderFixture.Model(path)));
    }

    private static string Lines(string text, string end) =>
        text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace("\n", end, StringComparison.Ordinal);
}
