using QwenSharp.Faults;
using QwenSharp.Models;

namespace QwenSharp.Engine;

/// <summary>One sequence to be continued. Token ids in, token ids out: text is another room's.</summary>
public sealed record GenerationRequest
{
    /// <summary>The prompt's token ids; at least one.</summary>
    public required ReadOnlyMemory<int> Prompt { get; init; }

    /// <summary>How tokens are chosen.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>How many tokens to generate at most; null for as many as the context has room for, which bounds it in any case.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Token ids that end the answer: the end-of-turn and end-of-text tokens of the model.</summary>
    public IReadOnlyCollection<int> StopTokens { get; init; } = [];

    /// <summary>An adapter that was fitted to the engine's model, for this sequence alone; null for the model as it is.</summary>
    public FittedAdapter? Adapter { get; init; }

    /// <summary>
    /// Whom the sequence is for (a request, a connection, a user), compared by <see cref="object.Equals(object)"/>: sequences of one owner
    /// wait behind each other, and owners take turns. Null: those with one cancellation token, which end together, have one owner, and one
    /// without has its own.
    /// </summary>
    public object? Owner { get; init; }

    /// <summary>
    /// How early the sequence is served. 0 is usual; what is below is of a high class, what is above of a low one. While all wait or have
    /// prompts computed, high has four turns for two of normal and one of low; an owner's sequences of one class go by the number.
    /// </summary>
    public int Priority { get; init; }

    /// <summary>
    /// Positions of the prompt at which another one is likely to part from it, such as the beginnings of turns: a
    /// hybrid model keeps states there for the prefix cache.
    /// </summary>
    public IReadOnlyList<int> CachePoints { get; init; } = [];

    /// <summary>Makes what the answer is held to, for one sequence; null for nothing.</summary>
    public Func<ITokenConstraint>? Constraint { get; init; }

    /// <summary>Whether each token comes with its log-probability.</summary>
    public bool Logprobs { get; init; }

    /// <summary>How many of the likeliest tokens to list with each token; needs <see cref="Logprobs"/>.</summary>
    public int TopLogprobs { get; init; }

    /// <summary>Refuses what cannot be honoured, and says how many tokens there are to generate at most.</summary>
    internal int Validate(LanguageModel model, int contextLength)
    {
        int vocabularySize = model.Config.VocabularySize;
        Require(Prompt.Length > 0, FaultKind.OutOfRange, nameof(Prompt), "is empty; there must be a token to continue.");
        if (Prompt.Length >= contextLength)
        {
            OptionName prompt = new(nameof(Prompt));
            throw new OptionException(new OptionFault(
                FaultKind.TooLong,
                prompt.Value,
                $"{prompt} has {Prompt.Length} tokens; the context of {contextLength} has room for {contextLength - 1} and an answer.")
            {
                Bounds = Bounds.AtMost(contextLength - 1),
                Given = Prompt.Length,
            });
        }

        foreach (int token in Prompt.Span)
        {
            if ((uint)token >= (uint)vocabularySize)
            {
                throw new OptionException(OptionFault.Of(
                    FaultKind.OutOfRange,
                    nameof(Prompt),
                    $"has the token {token}, which is not one of the {vocabularySize} of the model."));
            }
        }

        OptionException.Require(MaxTokens is null or > 0, nameof(MaxTokens), MaxTokens, Bounds.AtLeast(1));
        OptionException.Require(
            TopLogprobs >= 0 && TopLogprobs <= vocabularySize,
            nameof(TopLogprobs),
            TopLogprobs,
            Bounds.Between(0, vocabularySize));
        if (TopLogprobs > 0 && !Logprobs)
        {
            throw new OptionException(new OptionFault(
                FaultKind.Conflict,
                nameof(TopLogprobs),
                $"{new OptionName(nameof(TopLogprobs))} is {TopLogprobs}; it needs {new OptionName(nameof(Logprobs))}."));
        }

        Require(
            Adapter is null || Adapter.Model == model,
            FaultKind.Conflict,
            nameof(Adapter),
            $"'{Adapter?.Adapter.Name}' was fitted to another model.");
        Sampling.Validate(vocabularySize);
        return Math.Min(MaxTokens ?? int.MaxValue, contextLength - Prompt.Length);
    }

    private static void Require(bool holds, FaultKind kind, string option, string problem)
    {
        if (!holds)
            throw new OptionException(OptionFault.Of(kind, option, problem));
    }
}
