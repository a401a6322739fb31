using System.Text.Json.Serialization;
using QwenSharp.Protocols.Events;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>The tokens that a request took.</summary>
/// <param name="PromptTokens">Tokens of the prompts; a prompt with several answers counts once.</param>
/// <param name="CompletionTokens">Tokens of all answers.</param>
public sealed record CompletionUsage(long PromptTokens, long CompletionTokens)
{
    /// <summary>Both together.</summary>
    public long TotalTokens => PromptTokens + CompletionTokens;

    /// <summary>Which of the prompts' tokens had been computed before, where that is known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PromptTokensDetails? PromptTokensDetails { get; init; }

    /// <summary>Which of the answers' tokens were thoughts, where that is known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public CompletionTokensDetails? CompletionTokensDetails { get; init; }

    internal static CompletionUsage Of(ReplyUsage usage) => new(usage.PromptTokens, usage.AnswerTokens)
    {
        PromptTokensDetails = usage.CachedTokens is { } cached ? new PromptTokensDetails(cached) : null,
        CompletionTokensDetails = usage.ReasoningTokens is { } thoughts ? new CompletionTokensDetails(thoughts) : null,
    };
}

/// <summary>What became of the tokens of prompts.</summary>
/// <param name="CachedTokens">Tokens that had been computed before, and were not again.</param>
public sealed record PromptTokensDetails(long CachedTokens);

/// <summary>What the tokens of answers were for.</summary>
/// <param name="ReasoningTokens">Tokens of thoughts.</param>
public sealed record CompletionTokensDetails(long ReasoningTokens);
