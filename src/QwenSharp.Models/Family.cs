namespace QwenSharp.Models;

/// <summary>A model family: how its checkpoints name and shape the weights of a layer.</summary>
/// <param name="Architecture">GGUF's name of the family.</param>
/// <param name="HasQkNorm">Whether its query and key heads are normalised.</param>
/// <param name="ReadLayer">Takes the weights of one layer out of a checkpoint.</param>
internal sealed record Family(string Architecture, bool HasQkNorm, Func<WeightReader, ModelConfig, DecoderLayer> ReadLayer)
{
    /// <summary>The families of this build.</summary>
    public static readonly IReadOnlyList<Family> All = [Qwen2.Family, Qwen3.Family];

    /// <exception cref="ModelLoadException">The architecture is not supported; the message lists those that are.</exception>
    public static Family Of(string architecture) =>
        All.FirstOrDefault(family => family.Architecture == architecture)
        ?? throw new ModelLoadException($"Architecture '{architecture}' is not supported; this build runs {string.Join(", ", All.Select(family => family.Architecture))}.");
}
