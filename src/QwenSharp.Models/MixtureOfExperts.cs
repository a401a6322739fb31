using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// How the feed-forward networks of a model are divided into experts (Shazeer et al., 2017), of which a token hits a few.
/// </summary>
/// <param name="Count">Experts of a layer.</param>
/// <param name="Used">Experts that one token hits: those with the greatest probability.</param>
/// <param name="Width">Hidden features of one expert.</param>
public sealed record MixtureOfExperts(int Count, int Used, int Width)
{
    /// <summary>
    /// Hidden features of the expert that every token hits (Qwen2-MoE, Qwen3-Next), weighted by a gate of its own; 0 for none.
    /// </summary>
    public int SharedWidth { get; init; }

    /// <summary>Whether the probabilities of the experts that are hit are divided by their sum (<c>norm_topk_prob</c>).</summary>
    public bool NormalizesWeights { get; init; }

    /// <summary>What the experts' weights are multiplied by.</summary>
    public float WeightScale { get; init; } = 1;

    /// <summary>How its router chooses.</summary>
    internal ExpertChoice Choice => new(Count, Used, NormalizesWeights, WeightScale);

    internal void Validate()
    {
        if (Count is < 1 or > 1 << 16)
            throw new ModelLoadException($"A layer has {Count} experts; 1 to {1 << 16} are allowed.");
        if (Used < 1 || Used > Count)
            throw new ModelLoadException($"A token cannot hit {Used} of {Count} experts.");
        if (Width is < 1 or > 1 << 24 || SharedWidth is < 0 or > 1 << 24)
            throw new ModelLoadException($"Experts of {Width} features and a shared one of {SharedWidth} are not possible.");
        if (!(WeightScale > 0) || !float.IsFinite(WeightScale))
            throw new ModelLoadException($"The scale of the experts' weights is {WeightScale}; it must be positive.");
    }
}
