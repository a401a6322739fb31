namespace QwenSharp.Models;

/// <summary>A model family: how its checkpoints name and shape the weights of a layer, and what its metadata leaves unsaid.</summary>
/// <param name="Architecture">GGUF's name of the family.</param>
/// <param name="ReadLayer">Takes the weights of one layer out of a checkpoint.</param>
internal sealed record Family(string Architecture, Func<WeightReader, ModelConfig, DecoderLayer> ReadLayer)
{
    /// <summary>The families of this build.</summary>
    public static readonly IReadOnlyList<Family> All =
    [
        Qwen1.Family, Qwen2.Family, Qwen2.VisionFamily, Qwen2Moe.Family,
        Qwen3.Family, Qwen3.VisionFamily, Qwen3Moe.Family, Qwen3Moe.VisionFamily,
        Qwen3Next.Family, Qwen35.Family, Qwen35.ExpertFamily,
    ];

    /// <summary>Whether its query and key heads are normalised.</summary>
    public bool HasQkNorm { get; init; }

    /// <summary>Whether queries, keys and values have a bias in the models that are published.</summary>
    public bool HasQkvBias { get; init; }

    /// <summary>Whether one matrix makes queries, keys and values.</summary>
    public bool HasFusedQkv { get; init; }

    /// <summary>Whether <c>feed_forward_length</c> counts the features of gate and up projection together.</summary>
    public bool CountsGateAndUpTogether { get; init; }

    /// <summary>Whether most of its layers are recurrent, and attention is gated.</summary>
    public bool IsHybrid { get; init; }

    /// <summary>
    /// Whether its files store value heads so that their key heads take turns
    /// (<see cref="Numerics.DeltaNetShape.HasAlternatingKeyHeads"/>).
    /// </summary>
    public bool HasAlternatingKeyHeads { get; init; }

    /// <summary>
    /// Whether a bias of the output head is left out, as llama.cpp's graph of the family leaves it out: its logits are the reference.
    /// </summary>
    public bool IgnoresHeadBias { get; init; }

    /// <summary>What its experts have in common; null where feed-forward networks are dense.</summary>
    public ExpertTraits? Experts { get; init; }

    /// <summary>How a head's pairs share time, height and width of a position (M-RoPE).</summary>
    public RotaryLayout Rotary { get; init; }

    /// <exception cref="ModelLoadException">The architecture is not supported; the message lists those that are.</exception>
    public static Family Of(string architecture) =>
        All.FirstOrDefault(family => family.Architecture == architecture)
        ?? throw new ModelLoadException(
            $"Architecture '{architecture}' is not supported; this build runs "
                + $"{string.Join(", ", All.Select(family => family.Architecture))}."
        );
}

/// <summary>What all mixtures of experts of a family have in common.</summary>
/// <param name="NormalizesWeights">Whether the chosen experts' probabilities are made to sum to 1.</param>
/// <param name="HasShared">Whether one more expert is hit by every token.</param>
internal sealed record ExpertTraits(bool NormalizesWeights, bool HasShared);

/// <summary>How a head's pairs share the parts of a position.</summary>
internal enum RotaryLayout
{
    /// <summary>Positions are numbers.</summary>
    Plain,

    /// <summary>One section follows the other.</summary>
    Sections,

    /// <summary>Pairs take turns.</summary>
    Interleaved,
}
