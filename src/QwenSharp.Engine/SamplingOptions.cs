using QwenSharp.Faults;

namespace QwenSharp.Engine;

/// <summary>
/// How the next token is chosen from the logits, in this order: repetition penalty, presence and frequency penalties, logit bias,
/// temperature, top-k, top-p, min-p, draw.
/// </summary>
public sealed record SamplingOptions
{
    /// <summary>Divides the logits; 0 for greedy: the highest logit, the lowest id among equals.</summary>
    public float Temperature { get; init; } = 1;

    /// <summary>Only the k most likely tokens remain; 0 for all.</summary>
    public int TopK { get; init; }

    /// <summary>
    /// Only the most likely tokens remain whose probabilities together reach this (nucleus sampling; Holtzman et al., 2020); 1 for all.
    /// </summary>
    public float TopP { get; init; } = 1;

    /// <summary>Only tokens remain that are at least this share as likely as the most likely one; 0 for all.</summary>
    public float MinP { get; init; }

    /// <summary>
    /// Divides positive and multiplies negative logits of tokens that occur in the prompt or the answer (Keskar et al., 2019); 1 for none.
    /// </summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>How many of the last tokens <see cref="RepetitionPenalty"/> looks at; null for all.</summary>
    public int? RepetitionWindow { get; init; }

    /// <summary>Subtracted from the logits of tokens that occur in the answer (OpenAI's definition).</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Subtracted from a token's logit once for each time it occurs in the answer (OpenAI's definition).</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Added to the logits of these token ids.</summary>
    public IReadOnlyDictionary<int, float>? LogitBias { get; init; }

    /// <summary>Makes draws repeatable; null for a seed of its own.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Refuses values that have no meaning.</summary>
    /// <param name="vocabularySize">Token ids of <see cref="LogitBias"/> lie below it.</param>
    /// <exception cref="ArgumentException">A value is out of range; the message and the parameter name it.</exception>
    public void Validate(int vocabularySize)
    {
        Bounds finite = new("a finite number"), tokens = new($"a token id below {vocabularySize}", 0, vocabularySize - 1);
        OptionException.Require(float.IsFinite(Temperature) && Temperature >= 0, nameof(Temperature), Temperature, Bounds.AtLeast(0));
        OptionException.Require(TopK >= 0, nameof(TopK), TopK, Bounds.AtLeast(0));
        OptionException.Require(TopP is > 0 and <= 1, nameof(TopP), TopP, new Bounds("above 0 and at most 1", Most: 1));
        OptionException.Require(MinP is >= 0 and <= 1, nameof(MinP), MinP, Bounds.Between(0, 1));
        OptionException.Require(
            float.IsFinite(RepetitionPenalty) && RepetitionPenalty > 0,
            nameof(RepetitionPenalty),
            RepetitionPenalty,
            new Bounds("above 0"));
        OptionException.Require(RepetitionWindow is null or >= 1, nameof(RepetitionWindow), RepetitionWindow, Bounds.AtLeast(1));
        OptionException.Require(float.IsFinite(PresencePenalty), nameof(PresencePenalty), PresencePenalty, finite);
        OptionException.Require(float.IsFinite(FrequencyPenalty), nameof(FrequencyPenalty), FrequencyPenalty, finite);
        foreach ((int token, float bias) in LogitBias ?? new Dictionary<int, float>())
        {
            OptionException.Require((uint)token < (uint)vocabularySize, nameof(LogitBias), token, tokens);
            OptionException.Require(float.IsFinite(bias), nameof(LogitBias), bias, finite);
        }
    }
}
