namespace QwenSharp.Numerics;

// The softmax of training attention, forward and back, over tiles whose rows are whole vectors.
internal sealed unsafe partial class VectorKernels<S, V>
{
    public override void WeighColumns(float* scores, int keys, float* max, float* weight, float* keep)
    {
        const int Queries = SegmentForward.TileRows;
        for (int query = 0; query < Queries; query += S.Length)
        {
            float* column = scores + query;
            V before = S.Load(max + query), top = before;
            for (int key = 0; key < keys; key++)
                top = S.Max(S.Load(column + (key * Queries)), top);

            V kept = VectorMath.Exp<S, V>(S.Subtract(before, top)), sum = S.Multiply(S.Load(weight + query), kept);
            for (int key = 0; key < keys; key++)
            {
                V e = VectorMath.Exp<S, V>(S.Subtract(S.Load(column + (key * Queries)), top));
                S.Store(column + (key * Queries), e);
                sum = S.Add(sum, e);
            }

            S.Store(max + query, top);
            S.Store(keep + query, kept);
            S.Store(weight + query, sum);
        }
    }

    public override void ScoreGradients(float* scores, float* gradients, float logSumExp, float delta, int length)
    {
        V shift = S.Broadcast(logSumExp), mean = S.Broadcast(delta);
        for (int i = 0; i < length; i += S.Length)
        {
            V p = VectorMath.Exp<S, V>(S.Subtract(S.Load(scores + i), shift));
            S.Store(scores + i, p);
            S.Store(gradients + i, S.Multiply(p, S.Subtract(S.Load(gradients + i), mean)));
        }
    }
}
