using Microsoft.Extensions.AI;

namespace QwenSharp.Agent.Tools;

/// <summary>What a call gave.</summary>
/// <param name="Text">What the model is told.</param>
public sealed record ToolResult(string Text)
{
    /// <summary>Whether the call failed.</summary>
    public bool IsError { get; init; }

    /// <summary>What the model is shown beside the text, such as an image.</summary>
    public IReadOnlyList<AIContent> Parts { get; init; } = [];

    /// <summary>What a person is shown instead of the text, such as a diff; null for the text itself.</summary>
    public string? Display { get; init; }
}
