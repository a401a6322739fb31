namespace QwenSharp.Models;

/// <summary>
/// Qwen3, dense (Qwen Team, 2025): Qwen2 without its biases, with RMSNorm over each query and key head,
/// and heads whose length is chosen apart from the width. Qwen3-Embedding and Qwen3-Reranker are of this family.
/// </summary>
internal static class Qwen3
{
    public static Family Family { get; } =
        new("qwen3", (weights, config) => ReadLayer(weights, config, FeedForward.Read)) { HasQkNorm = true };

    /// <summary>The text part of Qwen3-VL.</summary>
    public static Family VisionFamily { get; } = new("qwen3vl", (weights, config) => ReadLayer(weights, config, ReadUnscaled))
    {
        HasQkNorm = true,
        Rotary = RotaryLayout.Interleaved,
    };

    /// <summary>A layer of Qwen3 with any feed-forward network.</summary>
    public static DecoderLayer ReadLayer(
        WeightReader weights,
        ModelConfig config,
        Func<WeightReader, ModelConfig, IFeedForward> readFeedForward
    ) =>
        new(
            weights.Vector("attn_norm.weight", config.Width),
            Attention.Read(weights, config),
            weights.Vector("ffn_norm.weight", config.Width),
            readFeedForward(weights, config));

    private static FeedForward ReadUnscaled(WeightReader weights, ModelConfig config) => FeedForward.Read(weights, config).Unscaled();
}
