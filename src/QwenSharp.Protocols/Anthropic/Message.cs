using QwenSharp.Protocols.Events;

namespace QwenSharp.Protocols.Anthropic;

/// <summary>The reply of <c>/v1/messages</c>; in a stream's first event still without content.</summary>
/// <param name="Id">The reply's own name.</param>
/// <param name="Model">Who answers.</param>
/// <param name="Content">What the assistant says.</param>
/// <param name="StopReason"><c>end_turn</c>, <c>max_tokens</c>, <c>stop_sequence</c>, <c>tool_use</c>, <c>refusal</c> or
/// <c>model_context_window_exceeded</c>; null in a stream's first event.</param>
/// <param name="StopSequence">Which of the request's stop sequences ended the answer, where one did.</param>
/// <param name="Usage">The tokens that it took.</param>
public sealed record Message(
    string Id,
    string Model,
    IReadOnlyList<ContentBlock> Content,
    string? StopReason,
    string? StopSequence,
    MessageUsage Usage)
{
    /// <summary>Always <c>message</c>.</summary>
    public string Type { get; } = "message";

    /// <summary>Always <c>assistant</c>.</summary>
    public string Role { get; } = "assistant";

    /// <summary>Always null: no code is run here.</summary>
    public string? Container { get; }

    /// <summary>Always null: this server adds no reason of its own.</summary>
    public string? StopDetails { get; }
}

/// <summary>The tokens that a reply took. The prompt's are the sum of the first three.</summary>
/// <param name="InputTokens">Tokens of the prompt that were computed for this reply.</param>
/// <param name="CacheCreationInputTokens">Tokens of the prompt that were kept for later ones elsewhere; a model of this process keeps every
/// prompt, and counts nothing for it.</param>
/// <param name="CacheReadInputTokens">Tokens of the prompt that had been computed before.</param>
/// <param name="OutputTokens">Tokens of the answer so far.</param>
public sealed record MessageUsage(long InputTokens, long CacheCreationInputTokens, long CacheReadInputTokens, long OutputTokens)
{
    /// <summary>Always <c>standard</c>: there is one tier.</summary>
    public string ServiceTier { get; } = "standard";

    internal static MessageUsage Of(ReplyUsage usage) =>
        new(
            usage.PromptTokens - (usage.CachedTokens ?? 0) - usage.WrittenTokens,
            usage.WrittenTokens,
            usage.CachedTokens ?? 0,
            usage.AnswerTokens);
}

/// <summary>The reply of <c>/v1/messages/count_tokens</c>.</summary>
/// <param name="InputTokens">The tokens of the prompt that the request would become.</param>
public sealed record TokenCount(long InputTokens);
