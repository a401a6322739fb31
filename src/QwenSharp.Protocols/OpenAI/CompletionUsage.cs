using System.Text.Json.Serialization;
using Microsoft.Extensions.AI;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>The tokens that a request took.</summary>
/// <param name="PromptTokens">Tokens of the prompts; a prompt with several answers counts once.</param>
/// <param name="CompletionTokens">Tokens of all answers.</param>
public sealed record CompletionUsage(long PromptTokens, long CompletionTokens)
{
    /// <summary>Both together.</summary>
    public long TotalTokens => PromptTokens + CompletionTokens;

    /// <summary>Which of the answers' tokens were thoughts, where that is known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public CompletionTokensDetails? CompletionTokensDetails { get; init; }

    /// <summary>What all choices of a request took together.</summary>
    /// <param name="choices">What each choice reported, by its index.</param>
    /// <param name="choicesPerPrompt">How many choices in a row share a prompt.</param>
    internal static CompletionUsage Sum(IReadOnlyDictionary<int, UsageDetails> choices, int choicesPerPrompt)
    {
        bool countsReasoning = choices.Values.Any(usage => usage.ReasoningTokenCount is not null);
        return new CompletionUsage(
            choices.Where(choice => choice.Key % choicesPerPrompt == 0).Sum(choice => choice.Value.InputTokenCount ?? 0),
            choices.Values.Sum(usage => usage.OutputTokenCount ?? 0))
        {
            CompletionTokensDetails = countsReasoning
                ? new CompletionTokensDetails(choices.Values.Sum(usage => usage.ReasoningTokenCount ?? 0))
                : null,
        };
    }
}

/// <summary>What the tokens of answers were for.</summary>
/// <param name="ReasoningTokens">Tokens of thoughts.</param>
public sealed record CompletionTokensDetails(long ReasoningTokens);
