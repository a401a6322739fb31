namespace QwenSharp.Gateway.Providers.Wire;

/// <summary>How much a provider may send. Beyond it nothing is kept, so that none can fill the memory.</summary>
internal static class WireLimits
{
    /// <summary>Bytes of one event of a stream.</summary>
    public const int Event = 32 << 20;

    /// <summary>Bytes of an answer that is not streamed.</summary>
    public const int Reply = 128 << 20;

    /// <summary>Bytes of a refusal that are read.</summary>
    public const int Error = 256 << 10;

    /// <summary>Characters of the arguments of one call.</summary>
    public const int Arguments = 16 << 20;
}
