namespace QwenSharp.Models;

/// <summary>
/// Qwen1.5-MoE and Qwen2-MoE (Qwen Team, 2024): Qwen2's attention, and a mixture of experts beside one that every token passes.
/// The probabilities of the chosen experts are used as they are.
/// </summary>
internal static class Qwen2Moe
{
    public static Family Family { get; } =
        new("qwen2moe", ReadLayer) { HasQkvBias = true, Experts = new ExpertTraits(NormalizesWeights: false, HasShared: true) };

    private static DecoderLayer ReadLayer(WeightReader weights, ModelConfig config) => new(
        weights.Vector("attn_norm.weight", config.Width),
        Attention.Read(weights, config),
        weights.Vector("ffn_norm.weight", config.Width),
        ExpertFeedForward.Read(weights, config).Unscaled());
}
