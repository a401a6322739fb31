using Microsoft.Extensions.AI;
using QwenSharp.Chat;

namespace QwenSharp.Gateway.Providers.Conversation;

/// <summary>What a call asks of the model's reasoning.</summary>
/// <param name="IsOn">Whether it reasons; null where that is left open.</param>
/// <param name="Effort">How hard: <c>none</c>, <c>minimal</c>, <c>low</c>, <c>medium</c>, <c>high</c>, <c>xhigh</c>, <c>max</c>; null where
/// that is left open.</param>
/// <param name="Budget">Tokens of it at most; null for no limit.</param>
/// <param name="Output">How much of it is told; null where that is left open.</param>
internal sealed record Thinking(bool? IsOn, string? Effort, int? Budget, ReasoningOutput? Output)
{
    /// <summary>The words of efforts, from least to most.</summary>
    public static IReadOnlyList<string> Efforts { get; } = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

    public static Thinking Of(ChatOptions options, RemoteChatOptions remote)
    {
        string? effort = remote.Effort ?? options.Reasoning?.Effort switch
        {
            null => null,
            ReasoningEffort.None => "none",
            ReasoningEffort.Low => "low",
            ReasoningEffort.Medium => "medium",
            ReasoningEffort.High => "high",
            _ => "xhigh",
        };
        int? budget = remote.Common.ThinkingBudget;
        bool? said = effort is not null ? effort != "none" : budget is not null ? budget > 0 : null;
        return new Thinking(remote.Common.EnableThinking ?? said, effort, budget, options.Reasoning?.Output);
    }

    /// <summary>The effort, where it is one of some words, or else the nearest of them; null where none is asked.</summary>
    public string? Nearest(params IReadOnlyList<string> words)
    {
        if (Effort is null || words.Contains(Effort))
            return Effort;

        int place = Math.Max(0, Efforts.ToList().IndexOf(Effort));
        return words.MinBy(word => Math.Abs(Efforts.ToList().IndexOf(word) - place));
    }
}
