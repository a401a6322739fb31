namespace QwenSharp.Agent.Tools;

/// <summary>What a call would touch, for those who decide whether it may.</summary>
/// <param name="Kind">The strongest thing that it does.</param>
public sealed record ToolAccess(AccessKind Kind)
{
    /// <summary>A call that touches nothing outside the conversation.</summary>
    public static ToolAccess None { get; } = new(AccessKind.None);

    /// <summary>The files and directories, as full paths.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>The command that a shell would run; null where none would.</summary>
    public string? Command { get; init; }

    /// <summary>The address that would be fetched; null where none would.</summary>
    public Uri? Url { get; init; }
}
