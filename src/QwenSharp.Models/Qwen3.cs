namespace QwenSharp.Models;

/// <summary>
/// Qwen3, dense (Qwen Team, 2025): Qwen2 without its biases, with RMSNorm over each query and key head,
/// and heads whose length is chosen apart from the width.
/// </summary>
internal static class Qwen3
{
    public static Family Family { get; } = new("qwen3", ReadLayer) { HasQkNorm = true };

    private static DecoderLayer ReadLayer(WeightReader weights, ModelConfig config) => new(
        weights.Vector("attn_norm.weight", config.Width),
        Attention.Read(weights, config),
        weights.Vector("ffn_norm.weight", config.Width),
        FeedForward.Read(weights, config));
}
