using Microsoft.Extensions.AI;
using QwenSharp.Faults;

namespace QwenSharp.Chat;

/// <summary>What neutral chat options ask of an answer: its form, whether it calls tools, and how long it may reason.</summary>
internal sealed record AnswerOptions
{
    // What the efforts mean for models that reason or do not: tokens of reasoning at most. Higher ones have no limit.
    private const int LowBudget = 1024, MediumBudget = 8192;

    /// <summary>JSON that the answer must be; null for text.</summary>
    public ChatResponseFormatJson? Json { get; private init; }

    /// <summary>The option that says what it must be, as whoever asks knows it.</summary>
    public string Option { get; private init; } = nameof(ChatOptions.ResponseFormat);

    /// <summary>What else it must be; null for anything.</summary>
    public OutputGrammar? Grammar { get; private init; }

    /// <summary>The tools that may be called; none where the answer may call none.</summary>
    public IReadOnlyList<AIFunctionDeclaration> Callable { get; private init; } = [];

    /// <summary>Whether it must call one.</summary>
    public bool RequiresCall { get; private init; }

    /// <summary>Whether it may call one at most.</summary>
    public bool OneCall { get; private init; }

    /// <summary>Tokens of reasoning at most; null for no limit.</summary>
    public int? ThinkingBudget { get; private init; }

    /// <summary>Whether reasoning is told.</summary>
    public bool TellsReasoning { get; private init; } = true;

    /// <param name="options">The caller's.</param>
    /// <param name="additional">What was read of its additional properties.</param>
    /// <param name="tools">The tools that are offered.</param>
    /// <exception cref="OptionException">Two options contradict each other, or one names a tool that is not offered.</exception>
    public static AnswerOptions Read(
        ChatOptions options, AdditionalChatOptions additional, IReadOnlyList<AIFunctionDeclaration> tools)
    {
        RequiredChatToolMode? required = options.ToolMode as RequiredChatToolMode;
        ChatResponseFormatJson? json = options.ResponseFormat as ChatResponseFormatJson;
        if (json is not null && additional.Grammar is not null)
            throw Conflict(ChatOptionKeys.Grammar, "cannot be given beside a response format: the answer is held to one of them.");
        if (additional.ThinkingBudget is < 0 and { } budget)
            OptionException.Require(false, ChatOptionKeys.ThinkingBudget, budget, Bounds.AtLeast(0));
        if (required is not null && tools.Count == 0)
            throw Conflict(nameof(options.ToolMode), "requires a call; no tools are given.");

        IReadOnlyList<AIFunctionDeclaration> callable = Allowed(tools, additional.AllowedTools, ChatOptionKeys.AllowedTools);
        if (required?.RequiredFunctionName is { } name)
            callable = Allowed(callable, [name], nameof(options.ToolMode));

        return new AnswerOptions
        {
            Json = json,
            Grammar = additional.Grammar,
            Option = additional.AnswerOption
                ?? (additional.Grammar is null ? nameof(options.ResponseFormat) : ChatOptionKeys.Grammar),
            Callable = callable,
            RequiresCall = required is not null,
            OneCall = options.AllowMultipleToolCalls is false || required?.RequiredFunctionName is not null,
            ThinkingBudget = additional.ThinkingBudget ?? options.Reasoning?.Effort switch
            {
                ReasoningEffort.Low => LowBudget,
                ReasoningEffort.Medium => MediumBudget,
                _ => null,
            },
            TellsReasoning = options.Reasoning?.Output is not ReasoningOutput.None,
        };
    }

    private static IReadOnlyList<AIFunctionDeclaration> Allowed(
        IReadOnlyList<AIFunctionDeclaration> tools, IReadOnlyList<string>? names, string option)
    {
        if (names is null)
            return tools;

        return names.FirstOrDefault(name => tools.All(tool => tool.Name != name)) is { } unknown
            ? throw Conflict(option, $"names the tool \"{unknown}\", which is not offered.")
            : [.. tools.Where(tool => names.Contains(tool.Name))];
    }

    private static OptionException Conflict(string option, string problem) => new(OptionFault.Of(FaultKind.Conflict, option, problem));
}
