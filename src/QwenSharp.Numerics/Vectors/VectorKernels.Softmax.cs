namespace QwenSharp.Numerics;

internal sealed unsafe partial class VectorKernels<S, V>
{
    public override void Weigh(float* scores, int queries, float* max, float* weight, float* keep)
    {
        const int Tokens = KvStore.BlockTokens;
        for (int query = 0; query < queries; query++)
        {
            float* row = scores + (query * Tokens);
            V lanes = S.Load(row);
            for (int i = S.Length; i < Tokens; i += S.Length)
                lanes = S.Max(S.Load(row + i), lanes);

            float top = Simd1.Max(S.MaxAcross(lanes), max[query]);
            keep[query] = max[query] - Shift(top);
            max[query] = top;
        }

        // Whole vectors, past the last query if need be: what a query gets must not depend on its place among others.
        for (int query = 0; query < queries; query += S.Length)
            S.Store(keep + query, VectorMath.Exp<S, V>(S.Load(keep + query)));

        for (int query = 0; query < queries; query++)
        {
            float* row = scores + (query * Tokens);
            V shift = S.Broadcast(Shift(max[query])), sum = S.Broadcast(0);
            for (int i = 0; i < Tokens; i += S.Length)
            {
                V e = VectorMath.Exp<S, V>(S.Subtract(S.Load(row + i), shift));
                S.Store(row + i, e);
                sum = S.Add(sum, e);
            }

            weight[query] = MathF.FusedMultiplyAdd(weight[query], keep[query], S.Sum(sum));
        }
    }

    /// <summary>−∞ less −∞ is no number; less 0, it has the exponential 0.</summary>
    private static float Shift(float max) => max == float.NegativeInfinity ? 0 : max;
}
