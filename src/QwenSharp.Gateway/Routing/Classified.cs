using System.Diagnostics.CodeAnalysis;

namespace QwenSharp.Gateway.Routing;

/// <summary>
/// Content of a class of data. There is no way to it but <see cref="TryRelease"/>, which wants the destination: so that neither a retry nor
/// a fallback can send it where its class may not be.
/// </summary>
/// <param name="content">What is guarded.</param>
/// <param name="dataClass">The class; null for content that may go everywhere.</param>
public sealed class Classified<T>(T content, string? dataClass)
    where T : class
{
    /// <summary>The content for a destination, where it may go there.</summary>
    public bool TryRelease(IDestination destination, [NotNullWhen(true)] out T? released)
    {
        ArgumentNullException.ThrowIfNull(destination);
        released = dataClass is null || destination.Admits(dataClass) ? content : null;
        return released is not null;
    }
}
