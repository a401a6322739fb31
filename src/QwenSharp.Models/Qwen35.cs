namespace QwenSharp.Models;

/// <summary>
/// Qwen3.5 (Qwen Team, 2026): Gated DeltaNet layers with gated attention every fourth layer, whose heads are rotated in part;
/// dense, or with experts beside one that every token passes. GGUF's norms have 1 added to what the published checkpoints store around
/// zero.
/// </summary>
internal static class Qwen35
{
    public static Family Family { get; } = new("qwen35", ReadLayer)
    {
        HasQkNorm = true,
        IsHybrid = true,
        HasAlternatingKeyHeads = true,
        Rotary = RotaryLayout.Interleaved,
    };

    public static Family ExpertFamily { get; } = Family with
    {
        Architecture = "qwen35moe",
        Experts = new ExpertTraits(NormalizesWeights: true, HasShared: true),
    };

    private static DecoderLayer ReadLayer(WeightReader weights, ModelConfig config) => new(
        weights.Vector("attn_norm.weight", config.Width),
        config.IsRecurrent(weights.Layer) ? ReadDeltaNet(weights, config) : Attention.Read(weights, config),
        weights.Vector("post_attention_norm.weight", config.Width),
        config.Experts is null ? FeedForward.Read(weights, config) : ExpertFeedForward.Read(weights, config));

    private static GatedDeltaNet ReadDeltaNet(WeightReader weights, ModelConfig config)
    {
        (int width, int valueHeads) = (config.Width, config.Recurrent!.Shape.ValueHeads);
        return GatedDeltaNet.Read(
            weights,
            config,
            weights.Linear("attn_qkv", width, config.Recurrent.Shape.ConvolutionWidth),
            weights.Linear("attn_gate", width, config.Recurrent.Shape.ValueWidth),
            weights.Linear("ssm_alpha", width, valueHeads),
            weights.Linear("ssm_beta", width, valueHeads));
    }
}
