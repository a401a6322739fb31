namespace QwenSharp.Gateway.Configuration;

/// <summary>Who answers beyond this process, and by which names requests choose among all who answer.</summary>
public sealed record GatewaySettings
{
    /// <summary>Nobody.</summary>
    public static GatewaySettings None { get; } = new();

    /// <summary>The providers, each of its own name.</summary>
    public IReadOnlyList<ProviderPlace> Providers { get; init; } = [];

    /// <summary>The routes, each of its own name.</summary>
    public IReadOnlyList<RouteSettings> Routes { get; init; } = [];

    /// <summary>Whether there is nobody.</summary>
    public bool IsEmpty => Providers.Count == 0 && Routes.Count == 0;
}
