using QwenSharp.Engine;

namespace QwenSharp;

/// <summary>How to continue a prompt as text.</summary>
public sealed record TextGenerationOptions
{
    /// <summary>The adapter to answer with, one of <see cref="QwenModel.Adapters"/>; null for the model as it is.</summary>
    public string? Adapter { get; init; }

    /// <summary>How tokens are drawn; null for what the checkpoint recommends (<see cref="QwenModel.RecommendedSampling"/>).</summary>
    public SamplingOptions? Sampling { get; init; }

    /// <summary>The most tokens to generate; null for as many as the context holds.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Texts that end the answer. They may span tokens; they and what follows them are not part of the answer.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>Where in the prompt others are likely to part from it; see <see cref="GenerationRequest.CachePoints"/>.</summary>
    public IReadOnlyList<int> CachePoints { get; init; } = [];

    /// <summary>Makes what one answer is held to; see <see cref="GenerationRequest.Constraint"/>.</summary>
    public Func<ITokenConstraint>? Constraint { get; init; }

    /// <summary>Ids of tokens that end the answer too, beside the model's own; they are not part of it.</summary>
    public IReadOnlyList<int> StopTokens { get; init; } = [];

    /// <summary>Whether the model's own tokens that end an answer do not end this one; they have no text.</summary>
    public bool IgnoresEndOfSequence { get; init; }

    /// <summary>Whom the answers are for; see <see cref="GenerationRequest.Owner"/>.</summary>
    public object? Owner { get; init; }

    /// <summary>How early the answers are served; see <see cref="GenerationRequest.Priority"/>.</summary>
    public int Priority { get; init; }

    /// <summary>Whether chunks carry the log-probability of each token.</summary>
    public bool Logprobs { get; init; }

    /// <summary>How many likely alternatives to report for each token; more than 0 needs <see cref="Logprobs"/>.</summary>
    public int TopLogprobs { get; init; }
}
