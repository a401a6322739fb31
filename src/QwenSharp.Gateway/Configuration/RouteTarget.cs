namespace QwenSharp.Gateway.Configuration;

/// <summary>A model of somebody's.</summary>
/// <param name="Provider">Whose: a provider's name, or <see cref="Local"/>.</param>
/// <param name="Model">The model's name there.</param>
public sealed record RouteTarget(string Provider, string Model)
{
    /// <summary>The name that stands for this process, and that no provider has.</summary>
    public const string Local = "local";

    /// <summary>How often it comes first, against the other weights of a route that draws; above 0.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>Whether it is a model of this process.</summary>
    public bool IsLocal => Provider == Local;

    /// <summary>The target that a text such as <c>acme/claude-haiku</c> names; null where it names none.</summary>
    public static RouteTarget? Parse(string? text) =>
        text?.IndexOf('/', StringComparison.Ordinal) is > 0 and int slash && slash < text.Length - 1
            ? new RouteTarget(text[..slash], text[(slash + 1)..])
            : null;

    /// <summary>As configurations and clients write it.</summary>
    public override string ToString() => $"{Provider}/{Model}";
}
