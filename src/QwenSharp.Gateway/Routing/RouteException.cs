using QwenSharp.Gateway.Providers;

namespace QwenSharp.Gateway.Routing;

/// <summary>Nobody of a route has answered.</summary>
/// <param name="trail">Who was asked.</param>
/// <param name="dataClass">The class of data of the request; null for none.</param>
public sealed class RouteException(RouteTrail trail, string? dataClass) : Exception(Word(trail, dataClass))
{
    /// <summary>Who was asked, and why they did not answer.</summary>
    public RouteTrail Trail => trail;

    /// <summary>The failure that ended the search; null where nobody might be asked.</summary>
    public ProviderException? Last { get; } = trail?.Failed.LastOrDefault(attempt => attempt.Fault is not null)?.Fault;

    private static string Word(RouteTrail? trail, string? dataClass)
    {
        ArgumentNullException.ThrowIfNull(trail);
        IEnumerable<string> said = trail.Failed.Select(attempt => attempt.Fault is { } fault
            ? $"{attempt.Destination}: {fault.Error.Message}"
            : $"{attempt.Destination} may not be sent data of the class '{dataClass}'.");
        return trail.Failed is [{ Fault: not null }]
            ? said.Single()
            : $"Nobody of '{trail.Route}' answered. {string.Join(' ', said)}";
    }
}
