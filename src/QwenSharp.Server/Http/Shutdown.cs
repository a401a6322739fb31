namespace QwenSharp.Server.Http;

/// <summary>How a server ends: it takes no new requests, gives running ones a while, and then cancels them.</summary>
internal sealed class Shutdown(ServerOptions options) : IDisposable
{
    /// <summary>Another server may be there as soon as the client looks for one.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    // To be told of the end, what is cancelled needs a moment; the web server gives the rest up by itself.
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _cancel = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _running;

    /// <summary>Cancelled when running requests have had their time.</summary>
    public CancellationToken Token => _cancel.Token;

    /// <summary>Whether new requests are refused.</summary>
    public bool IsDraining { get; private set; }

    /// <summary>How many requests are being answered.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Counts a request in; whether it may come.</summary>
    public bool TryEnter()
    {
        lock (_gate)
        {
            if (IsDraining)
                return false;

            _running++;
            return true;
        }
    }

    /// <summary>Counts it out.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            if (--_running == 0 && IsDraining)
                _idle.TrySetResult();
        }
    }

    /// <summary>Lets nobody in any more, and returns when all have left, or have had their time and a moment to hear of it.</summary>
    public async Task DrainAsync()
    {
        lock (_gate)
        {
            if (IsDraining)
                return;

            IsDraining = true;
            if (_running == 0)
                _idle.TrySetResult();
        }

        _cancel.CancelAfter(options.DrainTime);
        await ((Task)_idle.Task)
            .WaitAsync(options.DrainTime + Farewell)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    public void Dispose() => _cancel.Dispose();
}
