using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>Causal self-attention with grouped queries and rotary positions.</summary>
/// <param name="Query">[width, heads × headLength].</param>
/// <param name="Key">[width, kvHeads × headLength].</param>
/// <param name="Value">[width, kvHeads × headLength].</param>
/// <param name="Output">[heads × headLength, width].</param>
/// <param name="QueryNorm">RMSNorm over each query head, or none.</param>
/// <param name="KeyNorm">RMSNorm over each key head, or none.</param>
internal sealed record Attention(Linear Query, Linear Key, Linear Value, Linear Output, Tensor? QueryNorm = null, Tensor? KeyNorm = null)
{
    /// <summary>Adds the attention of <see cref="Workspace.Normed"/> to <see cref="Workspace.Hidden"/>.</summary>
    public void Forward(Compute compute, ModelConfig config, Batch batch, KvStore cache, int layer, Workspace w)
    {
        int rows = batch.Rows;
        compute.Project(w.Normed, rows, Query.Into(w.Queries), Key.Into(w.Keys), Value.Into(w.Values));
        Query.Finish(w.Queries, rows);
        Key.Finish(w.Keys, rows);
        Value.Finish(w.Values, rows);
        compute.NormalizeAndRotate(w.Queries, rows, config.HeadLength, QueryNorm, config.RmsEpsilon, w.Rotations);
        compute.NormalizeAndRotate(w.Keys, rows, config.HeadLength, KeyNorm, config.RmsEpsilon, w.Rotations);
        compute.StoreKeysAndValues(cache, layer, w.Keys, w.Values, batch.Sequences);
        compute.Attend(cache, layer, w.Queries, batch.Sequences, w.Attended);
        Output.ScaleInput(w.Attended, rows);
        compute.Project(w.Attended, rows, Output.AddTo(w.Hidden));
    }
}
