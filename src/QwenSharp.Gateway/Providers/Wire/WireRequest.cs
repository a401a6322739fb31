namespace QwenSharp.Gateway.Providers.Wire;

/// <summary>A call in a provider's form.</summary>
/// <param name="Address">Where it is sent to.</param>
/// <param name="Body">The JSON.</param>
/// <param name="Losses">What of the call is not in it.</param>
internal sealed record WireRequest(Uri Address, byte[] Body, IReadOnlyList<string> Losses)
{
    /// <summary>What stands above the body, the credentials too.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether a stream is asked for.</summary>
    public bool Streams { get; init; } = true;
}
