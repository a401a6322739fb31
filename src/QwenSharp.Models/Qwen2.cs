namespace QwenSharp.Models;

/// <summary>
/// Qwen2 and what shares its architecture: Qwen2.5, Coder, Math, QwQ (Qwen Team, 2024): grouped-query attention
/// with biases on queries, keys and values, and a SwiGLU feed-forward network.
/// </summary>
internal static class Qwen2
{
    public static Family Family { get; } = new("qwen2", HasQkNorm: false, ReadLayer);

    private static DecoderLayer ReadLayer(WeightReader weights, ModelConfig config)
    {
        (int width, int queries, int kv, int hidden) = (config.Width, config.QueryWidth, config.KvWidth, config.FeedForwardWidth);
        return new DecoderLayer(
            weights.Vector("attn_norm.weight", width),
            new Attention(
                weights.Linear("attn_q", width, queries, config.HasQkvBias),
                weights.Linear("attn_k", width, kv, config.HasQkvBias),
                weights.Linear("attn_v", width, kv, config.HasQkvBias),
                weights.Linear("attn_output", queries, width)),
            weights.Vector("ffn_norm.weight", width),
            new FeedForward(
                Unscaled(weights, "ffn_gate", width, hidden),
                Unscaled(weights, "ffn_up", width, hidden),
                Unscaled(weights, "ffn_down", hidden, width)));
    }

    // llama.cpp's graph of this family leaves the scales of the feed-forward network out; its logits are the reference.
    private static Linear Unscaled(WeightReader weights, string name, int inputs, int outputs) =>
        weights.Linear(name, inputs, outputs) with { Scale = 1 };
}
