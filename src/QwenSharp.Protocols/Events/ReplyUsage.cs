using Microsoft.Extensions.AI;

namespace QwenSharp.Protocols.Events;

/// <summary>The tokens that a reply took.</summary>
/// <param name="PromptTokens">Tokens of the prompts; a prompt with several answers counts once.</param>
/// <param name="AnswerTokens">Tokens of all answers.</param>
/// <param name="ReasoningTokens">Which of the answers' tokens were thoughts; null where nobody counted them.</param>
/// <param name="CachedTokens">Which of the prompts' tokens had been computed before; null where nobody counted them.</param>
public sealed record ReplyUsage(long PromptTokens, long AnswerTokens, long? ReasoningTokens, long? CachedTokens = null)
{
    private const string Writes = "cache_write";

    /// <summary>Which of the prompts' tokens were kept for later ones and counted for that, where answers are made elsewhere.</summary>
    public long WrittenTokens { get; init; }

    /// <summary>What all choices of a reply took together.</summary>
    /// <param name="choices">What each choice reported, by its index.</param>
    /// <param name="choicesPerPrompt">How many choices in a row share a prompt.</param>
    internal static ReplyUsage Sum(IReadOnlyDictionary<int, UsageDetails> choices, int choicesPerPrompt) => new(
        choices.Where(choice => choice.Key % choicesPerPrompt == 0).Sum(choice => choice.Value.InputTokenCount ?? 0),
        choices.Values.Sum(usage => usage.OutputTokenCount ?? 0),
        choices.Values.Any(usage => usage.ReasoningTokenCount is not null)
            ? choices.Values.Sum(usage => usage.ReasoningTokenCount ?? 0)
            : null,
        choices.Values.Any(usage => usage.CachedInputTokenCount is not null)
            ? choices.Where(choice => choice.Key % choicesPerPrompt == 0).Sum(choice => choice.Value.CachedInputTokenCount ?? 0)
            : null)
    {
        WrittenTokens = choices.Where(choice => choice.Key % choicesPerPrompt == 0).Sum(choice => Written(choice.Value)),
    };

    // One count for each time that they are kept for.
    private static long Written(UsageDetails usage) => usage.AdditionalCounts?
        .Where(count => count.Key.StartsWith(Writes, StringComparison.Ordinal))
        .Sum(count => count.Value) ?? 0;
}
