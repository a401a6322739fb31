using System.IO.Compression;
using System.Net;
using System.Text.Json;
using QwenSharp.Faults;
using QwenSharp.Gateway.Providers.Errors;

namespace QwenSharp.Gateway.Providers.Wire;

/// <summary>
/// One request and its answer: bytes in, updates of the reader out. Whatever fails on the way is a <see cref="ProviderException"/>, and
/// what had come before is kept: <see cref="AdvanceAsync"/> remembers it for <see cref="RequireSound"/>.
/// </summary>
internal sealed class Exchange : IDisposable
{
    private const int Chunk = 16 << 10;

    private readonly ProviderSettings _settings;
    private readonly WireForm _form;
    private readonly ReplyReader _reader;
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource _patience;
    private readonly byte[] _chunk = new byte[Chunk];
    private HttpResponseMessage? _response;
    private Stream? _body;
    private WireReader? _events;
    private MemoryStream? _whole;
    private bool _streams;
    private bool _begun;
    private bool _hasRead;
    private bool _hasClosed;
    private ProviderException? _failure;

    public Exchange(ProviderSettings settings, WireForm form, ReplyReader reader, CancellationToken caller)
    {
        (_settings, _form, _reader, _caller) = (settings, form, reader, caller);
        _patience = CancellationTokenSource.CreateLinkedTokenSource(caller);
    }

    /// <summary>Sends the request and waits for the head of the answer.</summary>
    /// <exception cref="ProviderException">The provider cannot be reached, or refuses.</exception>
    public async Task SendAsync(HttpMessageInvoker http, WireRequest request)
    {
        _streams = request.Streams;
        _patience.CancelAfter(_settings.FirstByteTimeout);
        using HttpRequestMessage message = Message(request);
        try
        {
            _response = await http.SendAsync(message, _patience.Token).ConfigureAwait(false);
            _body = Decompressed(
                await _response.Content.ReadAsStreamAsync(_patience.Token).ConfigureAwait(false),
                _response.Content.Headers.ContentEncoding);
            if (!_response.IsSuccessStatusCode)
                throw new ProviderException(await ReadRefusalAsync(_response).ConfigureAwait(false));
        }
        catch (Exception failed) when (failed is not ProviderException && Failure(failed) is { } failure)
        {
            throw failure;
        }
    }

    /// <summary>Reads what comes next. False at the end of the answer, also a bad one.</summary>
    public async Task<bool> AdvanceAsync()
    {
        try
        {
            // Only waiting counts: who reads slowly does not stall.
            if (_hasRead)
                _patience.CancelAfter(_settings.StallTimeout);

            int read = await _body!.ReadAsync(_chunk, _patience.Token).ConfigureAwait(false);
            _patience.CancelAfter(Timeout.InfiniteTimeSpan);
            _hasRead = true;
            _hasClosed = read == 0;
            if (_hasClosed)
                Close();
            else
                Append(_chunk.AsSpan(0, read));

            if (_hasClosed && !_reader.Answer.Ended)
                throw new ProviderException(Error(ProviderErrorKind.Cut, "the answer ended before its end."));

            return !_reader.Answer.Ended;
        }
        catch (Exception failed) when (Failure(failed) is { } failure)
        {
            _failure = failure;
            return false;
        }
    }

    /// <summary>Throws what has ended the answer, once what came before is told.</summary>
    /// <exception cref="ProviderException">The answer is not whole.</exception>
    public void RequireSound()
    {
        if (_failure is not null)
            throw _failure;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _response?.Dispose();
        _patience.Dispose();
        _whole?.Dispose();
    }

    private HttpRequestMessage Message(WireRequest request)
    {
        HttpRequestMessage message = new(HttpMethod.Post, request.Address)
        {
            Content = new ByteArrayContent(request.Body) { Headers = { { "Content-Type", "application/json" } } },
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        message.Options.Set(ProviderHttp.ConnectTimeout, _settings.ConnectTimeout);
        foreach ((string name, string value) in request.Headers.Concat(_settings.Headers))
        {
            message.Headers.Remove(name);
            message.Headers.TryAddWithoutValidation(name, value);
        }

        return message;
    }

    // Some servers stream although they were not asked to, or answer whole although they were; and types of content are not always true.
    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (!_begun)
        {
            ReadOnlySpan<byte> first = bytes.TrimStart(" \t\r\n\uFEFF"u8);
            if (first.IsEmpty)
                return;

            _begun = true;
            WireReader events = _form.Events();
            if (events is JsonLineReader ? _streams : first[0] is not ((byte)'{' or (byte)'['))
                _events = events;
            else
                _whole = new MemoryStream();
        }

        if (_events is not null)
        {
            _events.Append(bytes);
            Read(_events);
        }
        else
        {
            if (_whole!.Length + bytes.Length > WireLimits.Reply)
                throw new WireFormatException($"The answer is larger than {WireLimits.Reply >> 20} MiB.");

            _whole.Write(bytes);
        }
    }

    private void Close()
    {
        if (_events is not null)
        {
            _events.Close();
            Read(_events);
            if (!_reader.Answer.Ended)
                _reader.Close();
        }
        else if (_whole is not null)
        {
            using JsonDocument reply = JsonDocument.Parse(
                _whole.GetBuffer().AsMemory(0, (int)_whole.Length), new JsonDocumentOptions { MaxDepth = 256 });
            _reader.ReadWhole(reply.RootElement);
        }
    }

    private void Read(WireReader events)
    {
        while (!_reader.Answer.Ended && events.TryRead(out WireEvent read))
            _reader.Read(read);
    }

    private async Task<ProviderError> ReadRefusalAsync(HttpResponseMessage response)
    {
        using MemoryStream body = new();
        int read;
        while (body.Length < WireLimits.Error
            && (read = await _body!.ReadAsync(_chunk, _patience.Token).ConfigureAwait(false)) > 0)
        {
            body.Write(_chunk, 0, read);
        }

        ErrorBody said = ErrorBody.Read(body.GetBuffer().AsMemory(0, (int)body.Length), response.Headers, (int)response.StatusCode);
        return ErrorReader.Read(_settings, _form, said);
    }

    private static Stream Decompressed(Stream body, ICollection<string> encodings) => encodings.LastOrDefault() switch
    {
        "gzip" or "x-gzip" => new GZipStream(body, CompressionMode.Decompress),
        "br" => new BrotliStream(body, CompressionMode.Decompress),
        "deflate" => new ZLibStream(body, CompressionMode.Decompress),
        _ => body,
    };

    // Null for what is not the provider's fault: the caller's leaving, and faults of this program.
    private ProviderException? Failure(Exception failed) => failed switch
    {
        _ when _caller.IsCancellationRequested => null,
        ProviderException own => new ProviderException(
            own.Error with { AfterFirstToken = _reader.Answer.HasPieces, Usage = _reader.Answer.Usage }, own.InnerException),
        OperationCanceledException => new ProviderException(
            Error(ProviderErrorKind.Timeout, _reader.Answer.HasPieces ? "the answer stalled." : "no answer came in time."), failed),
        JsonException or WireFormatException when _hasClosed => new ProviderException(
            Error(ProviderErrorKind.Cut, "the answer ended in the middle."), failed),
        JsonException or WireFormatException or FormatException => new ProviderException(
            Error(ProviderErrorKind.Server, $"the answer is not in its form: {JsonProblem.Of(failed)}."), failed),
        HttpRequestException or IOException or InvalidDataException => new ProviderException(
            _response is null || !_begun
                ? Error(ProviderErrorKind.Connection, $"cannot be reached at {_settings.BaseUrl}: {failed.Message}")
                : Error(ProviderErrorKind.Cut, $"the answer was cut: {failed.Message}"),
            failed),
        _ => null,
    };

    private ProviderError Error(ProviderErrorKind kind, string message) => new(
        kind, Retryable: true, RetryAfter: null, (int?)_response?.StatusCode, $"{_settings.Name}: {message}", _reader.Answer.HasPieces)
    {
        Usage = _reader.Answer.Usage,
    };
}
