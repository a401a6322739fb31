using QwenSharp.Formats;

namespace QwenSharp.Models;

/// <summary>
/// A model family in one place: how its checkpoints name and shape the weights of a layer, what their metadata leaves unsaid, how
/// transformers writes it down, and the shapes that were published. A file of this folder has all of one family; adding one touches no
/// other folder.
/// </summary>
/// <param name="Architecture">GGUF's name of the family.</param>
/// <param name="ReadLayer">Takes the weights of one layer out of a checkpoint.</param>
internal sealed record Family(string Architecture, Func<WeightReader, ModelConfig, DecoderLayer> ReadLayer)
{
    /// <summary>The families of this build.</summary>
    public static readonly IReadOnlyList<Family> All =
    [
        Qwen1.Family, Qwen2.Family, Qwen2Moe.Family, Qwen2.VisionFamily,
        Qwen3.Family, Qwen3Moe.Family, Qwen3.VisionFamily, Qwen3Moe.VisionFamily,
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

    /// <summary>
    /// Whether most of its layers are recurrent, and attention is gated. In transformers' checkpoints the norms of such families are stored
    /// around zero.
    /// </summary>
    public bool IsHybrid { get; init; }

    /// <summary>
    /// Whether its files store value heads so that their key heads take turns
    /// (<see cref="Numerics.DeltaNetShape.HasAlternatingKeyHeads"/>); transformers' do not.
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

    /// <summary>transformers' names of it, under <c>architectures</c> in <c>config.json</c>.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>transformers' names of its modules.</summary>
    public ModuleNames Modules { get; init; } = ModuleNames.Dense;

    /// <summary>The head length of a <c>config.json</c> that names none; 0 for width ÷ heads.</summary>
    public int DefaultHeadLength { get; init; }

    /// <summary>
    /// Whether transformers' experts that are stacked in one tensor have their inputs before their outputs: [experts, in, out].
    /// </summary>
    public bool HasTransposedExperts { get; init; }

    /// <summary>Positions of the context by <c>config.json</c>, where that is not <c>max_position_embeddings</c>.</summary>
    public Func<HuggingFaceConfig, int>? ContextLength { get; init; }

    /// <summary>
    /// Adds what a <c>config.json</c> of the family says beyond what all have, its experts and its recurrent layers, or refuses a setting.
    /// </summary>
    public Action<HuggingFaceConfig>? WriteKeys { get; init; }

    /// <summary>Published shapes by name, such as "qwen3-4b".</summary>
    public IReadOnlyList<(string Name, ModelConfig Config)> Shapes { get; init; } = [];

    /// <exception cref="ModelLoadException">The architecture is not supported; the message lists those that are.</exception>
    public static Family Of(string architecture) =>
        All.FirstOrDefault(family => family.Architecture == architecture)
        ?? throw new ModelLoadException(
            $"Architecture '{architecture}' is not supported; this build runs "
                + $"{string.Join(", ", All.Select(family => family.Architecture))}."
        );

    /// <summary>The family of a <c>config.json</c>.</summary>
    /// <exception cref="ModelLoadException">No class of the list is supported; the message lists those that are.</exception>
    public static Family Of(HuggingFaceJson config)
    {
        string[] classes =
            config.TryGetStrings("architectures", out string[]? named) && named.Length > 0
                ? named
                : throw config.Fault("architectures", "is missing");
        return All.FirstOrDefault(family => family.Classes.Intersect(classes).Any())
            ?? throw new ModelLoadException(
                $"{config.Path}: the model class {string.Join(", ", classes)} is not supported; this build runs "
                    + $"{string.Join(", ", All.SelectMany(family => family.Classes))}."
            );
    }
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
