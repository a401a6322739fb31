namespace QwenSharp.Gateway.Providers.Wire;

/// <summary>Cuts the bytes of a stream into its events. How the network has cut the bytes makes no difference.</summary>
internal abstract class WireReader
{
    private readonly Queue<WireEvent> _events = [];

    /// <summary>Takes more bytes.</summary>
    /// <exception cref="WireFormatException">They are not in the form.</exception>
    public abstract void Append(ReadOnlySpan<byte> bytes);

    /// <summary>Takes the end of the stream.</summary>
    /// <exception cref="WireFormatException">It is in the middle of an event.</exception>
    public abstract void Close();

    /// <summary>Takes the next event that is whole.</summary>
    public bool TryRead(out WireEvent read) => _events.TryDequeue(out read);

    protected void Add(WireEvent read) => _events.Enqueue(read);

    protected static void RequireRoom(long length)
    {
        if (length > WireLimits.Event)
            throw new WireFormatException($"An event of the stream is larger than {WireLimits.Event >> 20} MiB.");
    }
}
