using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// Causal self-attention with grouped queries and rotary positions; gated, its output is multiplied by σ of a gate that comes with each
/// query head.
/// </summary>
/// <param name="Config">The model's lengths and constants.</param>
/// <param name="CacheLayer">Which layer of the KV cache is its own.</param>
/// <param name="Query">[width, heads × headLength], or with gates [width, heads × 2 × headLength]: each head's query and then its
/// gate.</param>
/// <param name="Key">[width, kvHeads × headLength].</param>
/// <param name="Value">[width, kvHeads × headLength].</param>
/// <param name="Output">[heads × headLength, width].</param>
/// <param name="QueryNorm">RMSNorm over each query head, or none.</param>
/// <param name="KeyNorm">RMSNorm over each key head, or none.</param>
internal sealed record Attention(
    ModelConfig Config,
    int CacheLayer,
    Linear Query,
    Linear Key,
    Linear Value,
    Linear Output,
    Tensor? QueryNorm = null,
    Tensor? KeyNorm = null
) : IMixer
{
    /// <summary>
    /// Takes the weights of the layer that the reader has entered; its number says which layer of the KV cache is its own.
    /// </summary>
    public static Attention Read(WeightReader weights, ModelConfig config)
    {
        (int width, int queries, int kv) = (config.Width, config.QueryWidth, config.KvWidth);
        Linear query, key, value;
        if (config.HasFusedQkv)
        {
            Linear fused = weights.Linear("attn_qkv", width, queries + 2 * kv, config.HasQkvBias);
            (query, key, value) = (fused.Outputs(0, queries), fused.Outputs(queries, kv), fused.Outputs(queries + kv, kv));
        }
        else
        {
            query = weights.Linear("attn_q", width, config.HasGatedAttention ? 2 * queries : queries, config.HasQkvBias);
            key = weights.Linear("attn_k", width, kv, config.HasQkvBias);
            value = weights.Linear("attn_v", width, kv, config.HasQkvBias);
        }

        return new Attention(config, config.CacheLayerOf(weights.Layer), query, key, value, weights.Linear("attn_output", queries, width),
            config.HasQkNorm ? weights.Vector("attn_q_norm.weight", config.HeadLength) : null,
            config.HasQkNorm ? weights.Vector("attn_k_norm.weight", config.HeadLength) : null);
    }

    /// <inheritdoc/>
    public IEnumerable<Linear> Linears => [Query, Key, Value, Output];

    /// <inheritdoc/>
    public void Forward(Compute compute, Batch batch, in SequenceStores stores, Workspace w)
    {
        int rows = batch.Rows;
        Activations queries = w.QueriesAndGates ?? w.Queries;
        w.Project(compute, w.Normed, rows, Query.Into(queries), Key.Into(w.Keys), Value.Into(w.Values));
        if (w.QueriesAndGates is not null)
            compute.SplitHeads(w.QueriesAndGates, rows, Config.HeadLength, w.Queries, w.AttentionGate!);

        compute.NormalizeAndRotate(w.Queries, rows, Config.HeadLength, QueryNorm, Config.RmsEpsilon, w.Rotations);
        compute.NormalizeAndRotate(w.Keys, rows, Config.HeadLength, KeyNorm, Config.RmsEpsilon, w.Rotations);
        compute.StoreKeysAndValues(stores.Cache, CacheLayer, w.Keys, w.Values, batch.Sequences);
        compute.Attend(stores.Cache, CacheLayer, w.Queries, batch.Sequences, w.Attended);
        if (w.AttentionGate is not null)
            compute.MultiplyBySigmoid(w.AttentionGate, rows, w.Attended);

        w.Project(compute, w.Attended, rows, Output.AddTo(w.Hidden));
    }
}
