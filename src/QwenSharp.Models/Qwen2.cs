namespace QwenSharp.Models;

/// <summary>
/// Qwen2 and what shares its architecture: Qwen2.5, Coder, Math, QwQ (Qwen Team, 2024): grouped-query attention
/// with biases on queries, keys and values, and a SwiGLU feed-forward network.
/// </summary>
internal static class Qwen2
{
    public static Family Family { get; } = new("qwen2", ReadLayer) { HasQkvBias = true };

    /// <summary>The text part of Qwen2-VL and Qwen2.5-VL.</summary>
    public static Family VisionFamily { get; } =
        new("qwen2vl", ReadLayer)
        {
            HasQkvBias = true,
            Rotary = RotaryLayout.Sections,
            IgnoresHeadBias = true,
        };

    public static DecoderLayer ReadLayer(WeightReader weights, ModelConfig config) => new(
        weights.Vector("attn_norm.weight", config.Width),
        Attention.Read(weights, config),
        weights.Vector("ffn_norm.weight", config.Width),
        FeedForward.Read(weights, config).Unscaled());
}
