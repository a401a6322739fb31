namespace QwenSharp.Models;

/// <summary>
/// Qwen3-MoE (Qwen Team, 2025), Qwen3-Coder among them: Qwen3's attention, and a mixture of experts whose chosen probabilities are made to
/// sum to 1.
/// </summary>
internal static class Qwen3Moe
{
    private static readonly ExpertTraits _experts = new(NormalizesWeights: true, HasShared: false);

    public static Family Family { get; } = new("qwen3moe", (weights, config) => Qwen3.ReadLayer(weights, config, ExpertFeedForward.Read))
    {
        HasQkNorm = true,
        Experts = _experts,
    };

    /// <summary>The text part of Qwen3-VL-MoE.</summary>
    public static Family VisionFamily { get; } = new("qwen3vlmoe", (weights, config) => Qwen3.ReadLayer(weights, config, ReadUnscaled))
    {
        HasQkNorm = true,
        Experts = _experts,
        Rotary = RotaryLayout.Interleaved,
    };

    private static ExpertFeedForward ReadUnscaled(WeightReader weights, ModelConfig config) =>
        ExpertFeedForward.Read(weights, config).Unscaled();
}
