namespace QwenSharp.Numerics;

internal sealed unsafe partial class VectorKernels<S, V>
{
    public override void Convolve(float** inputs, float* weights, int stride, int taps, float* y, int channels) =>
        Convolve<Simd1, float>(inputs, weights, stride, taps, y, Convolve<S, V>(inputs, weights, stride, taps, y, 0, channels), channels);

    public override void NormalizeL2(float* x, float epsilon, float factor, int length) =>
        Scale(x, factor / MathF.Sqrt(SumOfSquares(x, length) + epsilon), length);

    public override void MultiplyBySigmoid(float* gate, float* y, int length) =>
        MultiplyBySigmoid<Simd1, float>(gate, y, MultiplyBySigmoid<S, V>(gate, y, 0, length), length);

    public override void DeltaStep(
        float* state,
        int keyLength,
        float* query,
        float* key,
        float* value,
        float decay,
        float beta,
        float* output)
    {
        for (int column = 0; column < DeltaNetShape.TileColumns; column += 2 * S.Length)
        {
            float* columns = state + column;
            (V recalled0, V recalled1) = Recall(columns, keyLength, key);
            V alpha = S.Broadcast(decay), by = S.Broadcast(beta);
            V delta0 = S.Multiply(by, S.Subtract(S.Load(value + column), S.Multiply(alpha, recalled0)));
            V delta1 = S.Multiply(by, S.Subtract(S.Load(value + column + S.Length), S.Multiply(alpha, recalled1)));
            (V output0, V output1) = Update(columns, keyLength, key, query, alpha, delta0, delta1);
            S.Store(output + column, output0);
            S.Store(output + column + S.Length, output1);
        }
    }

    /// <summary>
    /// Sᵀk for two vectors of columns. Rows are summed in four chains, so that one product does not wait for the one before.
    /// </summary>
    private static (V, V) Recall(float* columns, int keyLength, float* key)
    {
        const int Stride = DeltaNetShape.TileColumns;
        V zero = S.Broadcast(0);
        V a0 = zero, a1 = zero, b0 = zero, b1 = zero, c0 = zero, c1 = zero, d0 = zero, d1 = zero;
        int row = 0;
        for (; row + 4 <= keyLength; row += 4, columns += 4 * Stride)
        {
            V a = S.Broadcast(key[row]), b = S.Broadcast(key[row + 1]), c = S.Broadcast(key[row + 2]), d = S.Broadcast(key[row + 3]);
            a0 = S.MultiplyAdd(S.Load(columns), a, a0);
            a1 = S.MultiplyAdd(S.Load(columns + S.Length), a, a1);
            b0 = S.MultiplyAdd(S.Load(columns + Stride), b, b0);
            b1 = S.MultiplyAdd(S.Load(columns + Stride + S.Length), b, b1);
            c0 = S.MultiplyAdd(S.Load(columns + (2 * Stride)), c, c0);
            c1 = S.MultiplyAdd(S.Load(columns + (2 * Stride) + S.Length), c, c1);
            d0 = S.MultiplyAdd(S.Load(columns + (3 * Stride)), d, d0);
            d1 = S.MultiplyAdd(S.Load(columns + (3 * Stride) + S.Length), d, d1);
        }

        for (; row < keyLength; row++, columns += Stride)
        {
            V a = S.Broadcast(key[row]);
            a0 = S.MultiplyAdd(S.Load(columns), a, a0);
            a1 = S.MultiplyAdd(S.Load(columns + S.Length), a, a1);
        }

        return (S.Add(S.Add(a0, b0), S.Add(c0, d0)), S.Add(S.Add(a1, b1), S.Add(c1, d1)));
    }

    /// <summary>S ← αS + k δᵀ for two vectors of columns, and Sᵀq of the result, in two chains.</summary>
    private static (V, V) Update(float* columns, int keyLength, float* key, float* query, V alpha, V delta0, V delta1)
    {
        const int Stride = DeltaNetShape.TileColumns;
        V even0 = S.Broadcast(0), even1 = even0, odd0 = even0, odd1 = even0;
        int row = 0;
        for (; row + 2 <= keyLength; row += 2, columns += 2 * Stride)
        {
            Row(columns, key[row], query[row], ref even0, ref even1);
            Row(columns + Stride, key[row + 1], query[row + 1], ref odd0, ref odd1);
        }

        if (row < keyLength)
            Row(columns, key[row], query[row], ref even0, ref even1);

        return (S.Add(even0, odd0), S.Add(even1, odd1));

        void Row(float* at, float k, float q, ref V sum0, ref V sum1)
        {
            V factor = S.Broadcast(k), by = S.Broadcast(q);
            V s0 = S.MultiplyAdd(factor, delta0, S.Multiply(alpha, S.Load(at)));
            V s1 = S.MultiplyAdd(factor, delta1, S.Multiply(alpha, S.Load(at + S.Length)));
            S.Store(at, s0);
            S.Store(at + S.Length, s1);
            sum0 = S.MultiplyAdd(s0, by, sum0);
            sum1 = S.MultiplyAdd(s1, by, sum1);
        }
    }

    private static int Convolve<T, W>(float** inputs, float* weights, int stride, int taps, float* y, int from, int channels)
        where T : struct, ISimd<W>
        where W : struct
    {
        W zero = T.Broadcast(0), one = T.Broadcast(1);
        for (; from + T.Length <= channels; from += T.Length)
        {
            W sum = zero;
            for (int tap = 0; tap < taps; tap++)
                sum = T.MultiplyAdd(T.Load(weights + ((long)tap * stride) + from), T.Load(inputs[tap] + from), sum);

            T.Store(y + from, T.Divide(sum, T.Add(one, VectorMath.Exp<T, W>(T.Subtract(zero, sum)))));
        }

        return from;
    }

    private static int MultiplyBySigmoid<T, W>(float* gate, float* y, int from, int length)
        where T : struct, ISimd<W>
        where W : struct
    {
        W zero = T.Broadcast(0), one = T.Broadcast(1);
        for (; from + T.Length <= length; from += T.Length)
            T.Store(y + from, T.Divide(T.Load(y + from), T.Add(one, VectorMath.Exp<T, W>(T.Subtract(zero, T.Load(gate + from))))));

        return from;
    }
}
