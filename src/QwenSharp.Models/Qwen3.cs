namespace QwenSharp.Models;

/// <summary>
/// Qwen3, dense (Qwen Team, 2025): Qwen2 without its biases, with RMSNorm over each query and key head,
/// and heads whose length is chosen apart from the width.
/// </summary>
internal static class Qwen3
{
    public static Family Family { get; } = new("qwen3", HasQkNorm: true, ReadLayer);

    private static DecoderLayer ReadLayer(WeightReader weights, ModelConfig config)
    {
        (int width, int queries, int kv, int hidden) = (config.Width, config.QueryWidth, config.KvWidth, config.FeedForwardWidth);
        return new DecoderLayer(
            weights.Vector("attn_norm.weight", width),
            new Attention(
                weights.Linear("attn_q", width, queries, config.HasQkvBias),
                weights.Linear("attn_k", width, kv, config.HasQkvBias),
                weights.Linear("attn_v", width, kv, config.HasQkvBias),
                weights.Linear("attn_output", queries, width),
                weights.Vector("attn_q_norm.weight", config.HeadLength),
                weights.Vector("attn_k_norm.weight", config.HeadLength)),
            weights.Vector("ffn_norm.weight", width),
            new FeedForward(
                weights.Linear("ffn_gate", width, hidden),
                weights.Linear("ffn_up", width, hidden),
                weights.Linear("ffn_down", hidden, width)));
    }
}
