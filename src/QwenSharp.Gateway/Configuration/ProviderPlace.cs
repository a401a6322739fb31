using QwenSharp.Gateway.Providers;

namespace QwenSharp.Gateway.Configuration;

/// <summary>A provider, and what may go there.</summary>
/// <param name="Settings">Where it is and how it is spoken to.</param>
public sealed record ProviderPlace(ProviderSettings Settings)
{
    /// <summary>The classes of data that it may be sent, beside what has no class.</summary>
    public IReadOnlyList<string> DataClasses { get; init; } = [];
}
