using Microsoft.Extensions.AI;
using QwenSharp.Gateway.Providers;
using QwenSharp.Gateway.Routing;

namespace QwenSharp.Gateway.Forwarding;

/// <summary>An answer as it came: its bytes, and beside them what they say.</summary>
public sealed class ForwardedReply : RouteReply
{
    private const int Chunk = 16 << 10;

    private readonly ProviderSettings _settings;
    private readonly HttpResponseMessage _response;
    private readonly Stream _body;
    private readonly AnswerTap? _tap;
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource _patience;
    private readonly List<ForwardedPart> _begun = [];
    private bool _ended;

    internal ForwardedReply(
        ProviderSettings settings,
        HttpResponseMessage response,
        Stream body,
        AnswerTap? tap,
        CancellationTokenSource patience,
        CancellationToken caller)
    {
        (_settings, _response, _body, _tap, _patience, _caller) = (settings, response, body, tap, patience, caller);
        Headers = ForwardedHeaders.OfReply(response.Headers, response.Content.Headers);
    }

    /// <summary>The HTTP status.</summary>
    public int Status => (int)_response.StatusCode;

    /// <summary>The head, but for what is of the connection.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; }

    /// <summary>The parts of the answer, as they come.</summary>
    /// <exception cref="ProviderException">The answer was cut, or took too long.</exception>
    public async IAsyncEnumerable<ForwardedPart> ReadAsync()
    {
        foreach (ForwardedPart part in _begun)
            yield return part;

        while (!_ended && await NextAsync(ignoresFailure: true).ConfigureAwait(false) is { } next)
            yield return next;
    }

    /// <summary>Waits for the first piece of the answer: what fails before may be asked elsewhere.</summary>
    internal async Task BeginAsync()
    {
        while (_tap is { HasBegun: false } && await NextAsync(ignoresFailure: false).ConfigureAwait(false) is { } next)
            _begun.Add(next);
    }

    /// <inheritdoc/>
    protected override ValueTask HangUpAsync()
    {
        _response.Dispose();
        _patience.Dispose();
        _tap?.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<ForwardedPart?> NextAsync(bool ignoresFailure)
    {
        byte[] chunk = new byte[Chunk];
        int read;
        try
        {
            read = await _body.ReadAsync(chunk, _patience.Token).ConfigureAwait(false);
            _patience.CancelAfter(_settings.StallTimeout);
        }
        catch (Exception fault) when (!_caller.IsCancellationRequested && fault is IOException or HttpRequestException)
        {
            throw Failure(ProviderErrorKind.Cut, $"the answer was cut: {fault.Message}", fault);
        }
        catch (OperationCanceledException late) when (!_caller.IsCancellationRequested)
        {
            throw Failure(ProviderErrorKind.Timeout, HasPieces ? "the answer stalled." : "no answer came in time.", late);
        }

        _ended = read == 0;
        IReadOnlyList<ChatResponseUpdate> updates = [];
        try
        {
            updates = _tap?.Read(chunk.AsSpan(0, read)) ?? [];
        }
        catch (ProviderException) when (ignoresFailure)
        {
            // Its bytes tell the client.
        }

        return _ended && updates.Count == 0 ? null : new ForwardedPart(chunk.AsMemory(0, read), updates);
    }

    private bool HasPieces => _tap?.HasPieces ?? false;

    private ProviderException Failure(ProviderErrorKind kind, string message, Exception cause) => new(
        new ProviderError(kind, Retryable: true, RetryAfter: null, Status, $"{_settings.Name}: {message}", HasPieces), cause);
}

/// <summary>Some bytes of an answer.</summary>
/// <param name="Bytes">The bytes; none where the end says more.</param>
/// <param name="Updates">What they say, as far as that is known.</param>
public sealed record ForwardedPart(ReadOnlyMemory<byte> Bytes, IReadOnlyList<ChatResponseUpdate> Updates);
