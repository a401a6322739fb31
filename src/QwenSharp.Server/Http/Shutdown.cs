namespace QwenSharp.Server.Http;

/// <summary>How a server ends: it takes no new requests, gives running ones a while, and then cancels them.</summary>
internal sealed class Shutdown : IDisposable
{
    private readonly CancellationTokenSource _cancel = new();

    public Shutdown(IHostApplicationLifetime lifetime, ServerOptions options) =>
        lifetime.ApplicationStopping.Register(() => _cancel.CancelAfter(options.DrainTime));

    /// <summary>Cancelled when running requests have had their time.</summary>
    public CancellationToken Token => _cancel.Token;

    /// <inheritdoc/>
    public void Dispose() => _cancel.Dispose();
}
