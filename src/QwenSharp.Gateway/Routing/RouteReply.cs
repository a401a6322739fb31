namespace QwenSharp.Gateway.Routing;

/// <summary>An answer that has begun. Disposing it hangs up.</summary>
public abstract class RouteReply : IAsyncDisposable
{
    /// <summary>What of the request was not carried to whoever answers; empty for nothing.</summary>
    public IReadOnlyList<string> Dropped { get; init; } = [];

    /// <summary>What is let go of with the answer; null for nothing.</summary>
    public IDisposable? Held { get; init; }

    /// <summary>The time that the answer may take; null for no end.</summary>
    internal Deadline? Deadline { get; set; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await HangUpAsync().ConfigureAwait(false);
        Deadline?.Dispose();
        Held?.Dispose();
    }

    /// <summary>Ends the answer, where it has not ended.</summary>
    protected abstract ValueTask HangUpAsync();
}
