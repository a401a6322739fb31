using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Faults;

namespace QwenSharp.Chat;

/// <summary>What <see cref="ChatOptions.AdditionalProperties"/> ask, read once; the keys are <see cref="ChatOptionKeys"/>.</summary>
public sealed record AdditionalChatOptions
{
    /// <summary>See <see cref="ChatOptionKeys.MinP"/>; null where it is left open.</summary>
    public float? MinP { get; private init; }

    /// <summary>See <see cref="ChatOptionKeys.RepetitionPenalty"/>; null where it is left open.</summary>
    public float? RepetitionPenalty { get; private init; }

    /// <summary>See <see cref="ChatOptionKeys.LogitBias"/>; null for none.</summary>
    public IReadOnlyDictionary<int, float>? LogitBias { get; private init; }

    /// <summary>See <see cref="ChatOptionKeys.Logprobs"/>.</summary>
    public bool Logprobs { get; private init; }

    /// <summary>See <see cref="ChatOptionKeys.TopLogprobs"/>.</summary>
    public int TopLogprobs { get; private init; }

    /// <summary>See <see cref="ChatOptionKeys.EnableThinking"/>; null where it is left open.</summary>
    public bool? EnableThinking { get; private init; }

    /// <summary>See <see cref="ChatOptionKeys.ChatTemplateKwargs"/>; empty where there are none.</summary>
    public IReadOnlyDictionary<string, JsonElement> ChatTemplateKwargs { get; private init; } = new Dictionary<string, JsonElement>();

    /// <summary>See <see cref="ChatOptionKeys.ThinkingBudget"/>; null for no limit.</summary>
    public int? ThinkingBudget { get; private init; }

    /// <summary>See <see cref="ChatOptionKeys.Grammar"/>; null for none.</summary>
    public OutputGrammar? Grammar { get; private init; }

    /// <summary>See <see cref="ChatOptionKeys.AnswerOption"/>; null where it has its neutral name.</summary>
    public string? AnswerOption { get; private init; }

    /// <summary>See <see cref="ChatOptionKeys.AllowedTools"/>; null for all.</summary>
    public IReadOnlyList<string>? AllowedTools { get; private init; }

    /// <summary>See <see cref="ChatOptionKeys.ContinueFinalMessage"/>.</summary>
    public bool ContinueFinalMessage { get; private init; }

    /// <summary>See <see cref="ChatOptionKeys.StopTokens"/>; empty for none.</summary>
    public IReadOnlyList<int> StopTokens { get; private init; } = [];

    /// <summary>See <see cref="ChatOptionKeys.IgnoreEndOfSequence"/>.</summary>
    public bool IgnoreEndOfSequence { get; private init; }

    /// <summary>See <see cref="ChatOptionKeys.Owner"/>; null for each request's own.</summary>
    public object? Owner { get; private init; }

    /// <summary>See <see cref="ChatOptionKeys.Priority"/>.</summary>
    public int Priority { get; private init; }

    /// <summary>Reads the properties of chat options.</summary>
    /// <param name="options">The caller's; null for none.</param>
    /// <exception cref="NotSupportedException">There is a key that no one honours.</exception>
    /// <exception cref="ArgumentException">A value is of the wrong type, or needs another that is not there.</exception>
    public static AdditionalChatOptions Read(ChatOptions? options) =>
        Read(new OptionValues(options?.AdditionalProperties, ChatOptionKeys.All));

    internal static AdditionalChatOptions Read(OptionValues values)
    {
        AdditionalChatOptions read = new()
        {
            MinP = values.Number(ChatOptionKeys.MinP),
            RepetitionPenalty = values.Number(ChatOptionKeys.RepetitionPenalty),
            LogitBias = values.TokenNumbers(ChatOptionKeys.LogitBias),
            Logprobs = values.Boolean(ChatOptionKeys.Logprobs) ?? false,
            TopLogprobs = values.Integer(ChatOptionKeys.TopLogprobs) ?? 0,
            EnableThinking = values.Boolean(ChatOptionKeys.EnableThinking),
            ChatTemplateKwargs = values.Variables(ChatOptionKeys.ChatTemplateKwargs),
            ThinkingBudget = values.Integer(ChatOptionKeys.ThinkingBudget),
            Grammar = values.Of<OutputGrammar>(ChatOptionKeys.Grammar, "an OutputGrammar"),
            AnswerOption = values.Of<string>(ChatOptionKeys.AnswerOption, "a text"),
            AllowedTools = values.Of<IReadOnlyList<string>>(ChatOptionKeys.AllowedTools, "a list of names"),
            StopTokens = values.Of<IReadOnlyList<int>>(ChatOptionKeys.StopTokens, "a list of token ids") ?? [],
            IgnoreEndOfSequence = values.Boolean(ChatOptionKeys.IgnoreEndOfSequence) ?? false,
            Owner = values.Of<object>(ChatOptionKeys.Owner, "an object"),
            Priority = values.Integer(ChatOptionKeys.Priority) ?? 0,
            ContinueFinalMessage = values.Boolean(ChatOptionKeys.ContinueFinalMessage) ?? false,
        };
        return read is { TopLogprobs: > 0, Logprobs: false }
            ? throw new OptionException(new OptionFault(
                FaultKind.Conflict,
                ChatOptionKeys.TopLogprobs,
                $"{new OptionName(ChatOptionKeys.TopLogprobs)} needs {new OptionName(ChatOptionKeys.Logprobs)} to be true."))
            : read;
    }
}
