using QwenSharp.Gateway.Providers;

namespace QwenSharp.Gateway.Configuration;

/// <summary>A name by which requests ask for whoever of several answers.</summary>
/// <param name="Name">The name.</param>
/// <param name="Targets">Who may answer, at least one; in the order in which they are asked, unless it is drawn by weight.</param>
public sealed record RouteSettings(string Name, IReadOnlyList<RouteTarget> Targets)
{
    /// <summary>Whether the order is drawn anew for each request, by the targets' weights.</summary>
    public bool IsWeighted { get; init; }

    /// <summary>What class of data its requests are; null for none. They go only to targets that may be sent the class.</summary>
    public string? DataClass { get; init; }

    /// <summary>What becomes of what a target cannot carry.</summary>
    public LossPolicy Losses { get; init; }

    /// <summary>How often a target is asked again that may answer later.</summary>
    public int Retries { get; init; } = 2;

    /// <summary>How long a request may take, all attempts together; null for as long as it takes.</summary>
    public TimeSpan? Deadline { get; init; }
}
