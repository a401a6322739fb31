using System.Globalization;
using QwenSharp.Gateway.Providers;

namespace QwenSharp.Gateway.Routing;

/// <summary>The time that a request may take, over all attempts and to the end of its answer.</summary>
internal sealed class Deadline : IDisposable
{
    private readonly TimeSpan? _length;
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource _timer, _both;

    /// <param name="length">How long it is; null for no end.</param>
    /// <param name="time">The clock.</param>
    /// <param name="caller">Ends the request as well.</param>
    public Deadline(TimeSpan? length, TimeProvider time, CancellationToken caller)
    {
        (_length, _caller) = (length, caller);
        _timer = new CancellationTokenSource(length ?? Timeout.InfiniteTimeSpan, time);
        _both = CancellationTokenSource.CreateLinkedTokenSource(caller, _timer.Token);
    }

    /// <summary>Cancelled at its end, and when the caller gives up.</summary>
    public CancellationToken Token => _both.Token;

    /// <summary>Whether its end has come, rather than that of the caller.</summary>
    public bool IsOver => _timer.IsCancellationRequested && !_caller.IsCancellationRequested;

    /// <summary>That its end has come.</summary>
    public ProviderError Error => new(
        ProviderErrorKind.Timeout,
        Retryable: false,
        RetryAfter: null,
        Status: null,
        string.Create(CultureInfo.InvariantCulture, $"The {_length?.TotalSeconds:0.###} s are over that a request of this route may take."),
        AfterFirstToken: false);

    /// <inheritdoc/>
    public void Dispose()
    {
        _both.Dispose();
        _timer.Dispose();
    }
}
