namespace QwenSharp.Models;

/// <summary>A model family: how its checkpoints name and shape the weights of a layer, and what its metadata leaves unsaid.</summary>
/// <param name="Architecture">GGUF's name of the family.</param>
/// <param name="ReadLayer">Takes the weights of one layer out of a checkpoint.</param>
internal sealed record Family(string Architecture, Func<WeightReader, ModelConfig, DecoderLayer> ReadLayer)
{
    /// <summary>The families of this build.</summary>
    public static readonly IReadOnlyList<Family> All = [Qwen1.Family, Qwen2.Family, Qwen3.Family];

    /// <summary>Whether its query and key heads are normalised.</summary>
    public bool HasQkNorm { get; init; }

    /// <summary>Whether one matrix makes queries, keys and values.</summary>
    public bool HasFusedQkv { get; init; }

    /// <summary>Whether <c>feed_forward_length</c> counts the features of gate and up projection together.</summary>
    public bool CountsGateAndUpTogether { get; init; }

    /// <exception cref="ModelLoadException">The architecture is not supported; the message lists those that are.</exception>
    public static Family Of(string architecture) =>
        All.FirstOrDefault(family => family.Architecture == architecture)
        ?? throw new ModelLoadException($"Architecture '{architecture}' is not supported; this build runs {string.Join(", ", All.Select(family => family.Architecture))}.");
}
