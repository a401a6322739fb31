namespace QwenSharp.Gateway.Providers;

/// <summary>A provider did not answer, or not to the end.</summary>
/// <param name="error">Why.</param>
/// <param name="inner">What failed below; null for nothing.</param>
public sealed class ProviderException(ProviderError error, Exception? inner = null) : Exception(error?.Message, inner)
{
    /// <summary>Why.</summary>
    public ProviderError Error { get; } = error ?? throw new ArgumentNullException(nameof(error));
}
