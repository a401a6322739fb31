using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using Microsoft.Extensions.AI;
using QwenSharp.Gateway.Providers;

namespace QwenSharp.Gateway.Tests.Faults;

/// <summary>What providers and networks do to an answer, over a real connection.</summary>
public class FaultTests
{
    private const string Head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    private const string First = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"High \"}}]}\n\n";
    private const string Last = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

    [Fact]
    public async Task A_whole_answer_is_whole()
    {
        using FakeServer server = FakeServer.Saying(Head, First, Last);
        Reading reading = await ReadAsync(server);
        Assert.Null(reading.Error);
        Assert.Equal("High ", reading.Text);
        Assert.Equal(ChatFinishReason.Stop, reading.Finish);
    }

    [Fact]
    public async Task A_stream_that_ends_without_its_end_is_cut()
    {
        using FakeServer server = FakeServer.Saying(Head, First);
        Reading reading = await ReadAsync(server);
        Assert.Equal("High ", reading.Text);
        AssertError(reading, ProviderErrorKind.Cut, retryable: true, afterFirstToken: true);
    }

    [Fact]
    public async Task A_chunked_stream_that_is_torn_off_is_cut()
    {
        string chunk = $"{Encoding.UTF8.GetByteCount(First):x}\r\n{First}\r\n";
        using FakeServer server = FakeServer.Saying(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n", chunk);
        AssertError(await ReadAsync(server), ProviderErrorKind.Cut, retryable: true, afterFirstToken: true);
    }

    [Fact]
    public async Task A_server_that_hangs_up_at_once_was_not_reached()
    {
        using FakeServer server = FakeServer.Saying();
        AssertError(await ReadAsync(server), ProviderErrorKind.Connection, retryable: true, afterFirstToken: false);
    }

    [Fact]
    public async Task Nobody_there_is_told_with_the_address()
    {
        Uri address;
        using (FakeServer server = FakeServer.Saying())
            address = server.Address;

        Reading reading = await ReadAsync(address);
        AssertError(reading, ProviderErrorKind.Connection, retryable: true, afterFirstToken: false);
        Assert.Contains(address.OriginalString, reading.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_that_stalls_is_given_up()
    {
        using FakeServer server = Stalling(Head, First);
        Stopwatch watch = Stopwatch.StartNew();
        Reading reading = await ReadAsync(server.Address, settings => settings with { StallTimeout = TimeSpan.FromMilliseconds(200) });
        Assert.Equal("High ", reading.Text);
        AssertError(reading, ProviderErrorKind.Timeout, retryable: true, afterFirstToken: true);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20));
    }

    [Theory]
    [InlineData("")]
    [InlineData(Head)]
    public async Task An_answer_that_does_not_begin_is_given_up(string said)
    {
        using FakeServer server = Stalling(said);
        Reading reading = await ReadAsync(server.Address, settings => settings with { FirstByteTimeout = TimeSpan.FromMilliseconds(200) });
        AssertError(reading, ProviderErrorKind.Timeout, retryable: true, afterFirstToken: false);
    }

    [Fact]
    public async Task Who_leaves_hangs_up()
    {
        using FakeServer server = FakeServer.Answering(async (stream, stop) =>
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(Head), stop);
            while (true)
            {
                await stream.WriteAsync(Encoding.UTF8.GetBytes(First), stop);
                await Task.Delay(5, stop);
            }
        });
        using CancellationTokenSource leave = new();
        Provider provider = Provider.Create(Make.Settings(ProviderKind.OpenAI, server.Address.OriginalString), ProviderHttp.Create());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (ChatResponseUpdate update in provider.CompleteAsync(Make.Call(), leave.Token))
                await leave.CancelAsync();
        });
        await server.ClientLeft.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Who_stops_listening_hangs_up()
    {
        using FakeServer server = FakeServer.Answering(async (stream, stop) =>
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(Head), stop);
            while (true)
            {
                await stream.WriteAsync(Encoding.UTF8.GetBytes(First), stop);
                await Task.Delay(5, stop);
            }
        });
        Provider provider = Provider.Create(Make.Settings(ProviderKind.OpenAI, server.Address.OriginalString), ProviderHttp.Create());
        await foreach (ChatResponseUpdate update in provider.CompleteAsync(Make.Call(), TestContext.Current.CancellationToken))
            break;

        await server.ClientLeft.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("retry-after: 7\r\n", 7.0)]
    [InlineData("retry-after: 1\r\nretry-after-ms: 250\r\n", 0.25)]
    [InlineData("x-ratelimit-remaining-requests: 0\r\nx-ratelimit-reset-requests: 6m0s\r\nx-ratelimit-reset-tokens: 1s\r\n", 360.0)]
    public async Task A_throttle_says_how_long(string headers, double? seconds)
    {
        const string Body = "{\"error\":{\"message\":\"slow down\",\"code\":\"rate_limit_exceeded\"}}";
        using FakeServer server = FakeServer.Saying(
            $"HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/json\r\ncontent-length: {Body.Length}\r\n{headers}\r\n{Body}");
        Reading reading = await ReadAsync(server);
        AssertError(reading, ProviderErrorKind.Throttled, retryable: true, afterFirstToken: false);
        Assert.Equal(seconds, reading.Error!.RetryAfter?.TotalSeconds);
        Assert.Equal(429, reading.Error.Status);
    }

    [Fact]
    public async Task A_chunk_that_is_no_JSON_ends_the_answer()
    {
        using FakeServer server = FakeServer.Saying(Head, First, "data: {\"choices\":[{]}\n\n", Last);
        Reading reading = await ReadAsync(server);
        Assert.Equal("High ", reading.Text);
        AssertError(reading, ProviderErrorKind.Server, retryable: true, afterFirstToken: true);
    }

    [Fact]
    public async Task Characters_that_the_network_cuts_are_whole()
    {
        byte[] all = Encoding.UTF8.GetBytes(Head + First.Replace("High ", "ø高🌊👩‍✈️", StringComparison.Ordinal) + Last);
        using FakeServer server = FakeServer.Answering(async (stream, stop) =>
        {
            foreach (byte single in all)
                await stream.WriteAsync(new[] { single }, stop);
        });
        Assert.Equal("ø高🌊👩‍✈️", (await ReadAsync(server)).Text);
    }

    [Fact]
    public async Task A_compressed_answer_that_is_torn_off_is_cut()
    {
        using MemoryStream packed = new();
        await using (GZipStream gzip = new(packed, CompressionLevel.Fastest, leaveOpen: true))
            await gzip.WriteAsync(Encoding.UTF8.GetBytes(First + Last), TestContext.Current.CancellationToken);

        byte[] torn = packed.ToArray()[..^12];
        using FakeServer server = FakeServer.Answering(async (stream, stop) =>
        {
            string head = Head.Replace("\r\n\r\n", "\r\ncontent-encoding: gzip\r\n\r\n", StringComparison.Ordinal);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(head), stop);
            await stream.WriteAsync(torn, stop);
        });
        Reading reading = await ReadAsync(server);
        Assert.NotNull(reading.Error);
        Assert.True(reading.Error.Kind is ProviderErrorKind.Cut or ProviderErrorKind.Connection, $"{reading.Error}");
    }

    [Fact]
    public async Task A_page_in_place_of_an_answer_is_told_as_it_is()
    {
        const string Body = "<html>bad gateway</html>";
        using FakeServer server = FakeServer.Saying(
            $"HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\ncontent-length: {Body.Length}\r\n\r\n{Body}");
        Reading reading = await ReadAsync(server);
        AssertError(reading, ProviderErrorKind.Server, retryable: true, afterFirstToken: false);
        Assert.Contains("bad gateway", reading.Error!.Message, StringComparison.Ordinal);
    }

    private static FakeServer Stalling(params string[] pieces) => FakeServer.Answering(async (stream, stop) =>
    {
        foreach (string piece in pieces)
            await stream.WriteAsync(Encoding.UTF8.GetBytes(piece), stop);

        await Task.Delay(Timeout.Infinite, stop);
    });

    private static Task<Reading> ReadAsync(FakeServer server) => ReadAsync(server.Address);

    private static async Task<Reading> ReadAsync(Uri address, Func<ProviderSettings, ProviderSettings>? change = null)
    {
        ProviderSettings settings = Make.Settings(ProviderKind.OpenAI, address.OriginalString);
        using HttpMessageInvoker http = ProviderHttp.Create();
        return await Reading.OfAsync(Provider.Create(change?.Invoke(settings) ?? settings, http), Make.Call());
    }

    private static void AssertError(Reading reading, ProviderErrorKind kind, bool retryable, bool afterFirstToken)
    {
        ProviderError error = Assert.IsType<ProviderError>(reading.Error);
        Assert.Equal(kind, error.Kind);
        Assert.Equal(retryable, error.Retryable);
        Assert.Equal(afterFirstToken, error.AfterFirstToken);
        Assert.Null(reading.Finish);
    }
}
