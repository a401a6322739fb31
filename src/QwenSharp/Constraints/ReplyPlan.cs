using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Grammars;

namespace QwenSharp.Constraints;

/// <summary>What the answers of one request are held to, compiled once for all of its choices.</summary>
internal sealed record ReplyPlan
{
    /// <summary>The option that asks for what calls are held to.</summary>
    public const string CallOption = nameof(ChatOptions.Tools);

    /// <summary>What reasoning stands between.</summary>
    public required ReasoningTags Tags { get; init; }

    /// <summary>Whether the answer begins in reasoning that the prompt has opened.</summary>
    public bool OpensReasoning { get; init; }

    /// <summary>Whether an answer may begin with reasoning.</summary>
    public bool MayReason { get; init; }

    /// <summary>Tokens of reasoning at most; null for no limit.</summary>
    public int? ThinkingBudget { get; init; }

    /// <summary>What all that follows the reasoning must be; null for any text.</summary>
    public Grammar? Answer { get; init; }

    /// <summary>The option that asks for the answer's grammar.</summary>
    public string AnswerOption { get; init; } = nameof(ChatOptions.ResponseFormat);

    /// <summary>What must follow the opening of a tool call, to its end; null where no calls are told apart from text.</summary>
    public Grammar? Call { get; init; }

    /// <summary>Whether the answer ends with its first call.</summary>
    public bool OneCall { get; init; }

    /// <summary>Whether any answer needs to be followed.</summary>
    public bool Constrains => Answer is not null || Call is not null || (ThinkingBudget is not null && (OpensReasoning || MayReason));

    /// <summary>What is thrown where a grammar cannot be enforced.</summary>
    public static OptionNotSupportedException NotEnforced(string option, GrammarException fault) =>
        new(option, $"cannot be enforced: {fault.Message}");
}
