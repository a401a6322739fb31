namespace QwenSharp.Numerics;

// The softmax of training attention, forward and back, over tiles whose rows are whole vectors.
internal sealed unsafe partial class VectorKernels<S, V>
{
    public override void WeighColumns(float* scores, int keys, int queries, float* max, float* weight, float* keep)
    {
        const int Stride = SegmentTile.ScoreStride;

        // Two vectors of queries, so that one chain of maxima or sums does not wait for itself.
        for (int query = 0; query < queries; query += 2 * S.Length)
        {
            int next = query + S.Length;
            V before0 = S.Load(max + query), before1 = S.Load(max + next), top0 = before0, top1 = before1;
            float* end = scores + query + (keys * Stride);
            for (float* at = scores + query; at < end; at += Stride)
            {
                top0 = S.Max(S.Load(at), top0);
                top1 = S.Max(S.Load(at + S.Length), top1);
            }

            V keep0 = VectorMath.ExpOfScore<S, V>(S.Subtract(before0, top0)),
                keep1 = VectorMath.ExpOfScore<S, V>(S.Subtract(before1, top1));
            V sum0 = S.Multiply(S.Load(weight + query), keep0),
                sum1 = S.Multiply(S.Load(weight + next), keep1);
            for (float* at = scores + query; at < end; at += Stride)
            {
                V e0 = VectorMath.ExpOfScore<S, V>(S.Subtract(S.Load(at), top0)),
                    e1 = VectorMath.ExpOfScore<S, V>(S.Subtract(S.Load(at + S.Length), top1));
                S.Store(at, e0);
                S.Store(at + S.Length, e1);
                sum0 = S.Add(sum0, e0);
                sum1 = S.Add(sum1, e1);
            }

            S.Store(max + query, top0);
            S.Store(max + next, top1);
            S.Store(keep + query, keep0);
            S.Store(keep + next, keep1);
            S.Store(weight + query, sum0);
            S.Store(weight + next, sum1);
        }
    }

    public override void ScoreGradients(float* scores, float* gradients, float logSumExp, float delta, int length)
    {
        V shift = S.Broadcast(logSumExp), mean = S.Broadcast(delta);
        for (int i = 0; i < length; i += S.Length)
        {
            V p = VectorMath.ExpOfScore<S, V>(S.Subtract(S.Load(scores + i), shift));
            S.Store(scores + i, p);
            S.Store(gradients + i, S.Multiply(p, S.Subtract(S.Load(gradients + i), mean)));
        }
    }
}
