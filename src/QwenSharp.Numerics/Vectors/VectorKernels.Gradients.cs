namespace QwenSharp.Numerics;

// The way back through the row operations, and the optimiser's step.
internal sealed unsafe partial class VectorKernels<S, V>
{
    public override float Dot(float* x, float* y, int length)
    {
        V a = S.Broadcast(0), b = a;
        int i = 0;
        for (; i + (2 * S.Length) <= length; i += 2 * S.Length)
        {
            a = S.MultiplyAdd(S.Load(x + i), S.Load(y + i), a);
            b = S.MultiplyAdd(S.Load(x + i + S.Length), S.Load(y + i + S.Length), b);
        }

        for (; i + S.Length <= length; i += S.Length)
            a = S.MultiplyAdd(S.Load(x + i), S.Load(y + i), a);

        float sum = S.Sum(S.Add(a, b));
        for (; i < length; i++)
            sum = MathF.FusedMultiplyAdd(x[i], y[i], sum);

        return sum;
    }

    public override void RmsNormBackward(
        float* x,
        float* weight,
        float epsilon,
        float* dy,
        float* dx,
        bool accumulate,
        float* dWeight,
        int length)
    {
        float scale = 1 / MathF.Sqrt((SumOfSquares(x, length) / length) + epsilon);
        if (dWeight is not null)
            AddProducts<Simd1, float>(x, dy, scale, dWeight, AddProducts<S, V>(x, dy, scale, dWeight, 0, length), length);

        // (x · scale) before the mean, as the cube of a great or small scale would leave the range of a float.
        float along = -scale * (scale * SumOfProducts(x, weight, dy, length) / length) * scale;
        int done = RmsNormBackward<S, V>(x, weight, dy, dx, scale, along, accumulate, 0, length);
        RmsNormBackward<Simd1, float>(x, weight, dy, dx, scale, along, accumulate, done, length);
    }

    public override void RotateBack(float* head, float* cosines, float* sines, int pairs) =>
        RotateBack<Simd1, float>(head, cosines, sines, RotateBack<S, V>(head, cosines, sines, 0, pairs), pairs);

    public override void SwiGluBackward(float* gate, float* up, float* dy, float* dGate, float* dUp, int length) =>
        SwiGluBackward<Simd1, float>(gate, up, dy, dGate, dUp, SwiGluBackward<S, V>(gate, up, dy, dGate, dUp, 0, length), length);

    public override void AdamW(float* value, float* gradient, float* mean, float* variance, in AdamWFactors factors, int length)
    {
        int done = AdamW<S, V>(value, gradient, mean, variance, factors, 0, length);
        AdamW<Simd1, float>(value, gradient, mean, variance, factors, done, length);
    }

    /// <summary>Σ x w dy.</summary>
    private static float SumOfProducts(float* x, float* weight, float* dy, int length)
    {
        V a = S.Broadcast(0), b = a;
        int i = 0;
        for (; i + (2 * S.Length) <= length; i += 2 * S.Length)
        {
            int j = i + S.Length;
            a = S.MultiplyAdd(S.Multiply(S.Load(weight + i), S.Load(dy + i)), S.Load(x + i), a);
            b = S.MultiplyAdd(S.Multiply(S.Load(weight + j), S.Load(dy + j)), S.Load(x + j), b);
        }

        for (; i + S.Length <= length; i += S.Length)
            a = S.MultiplyAdd(S.Multiply(S.Load(weight + i), S.Load(dy + i)), S.Load(x + i), a);

        float sum = S.Sum(S.Add(a, b));
        for (; i < length; i++)
            sum = MathF.FusedMultiplyAdd(weight[i] * dy[i], x[i], sum);

        return sum;
    }

    /// <summary>sum += factor · x · y.</summary>
    private static int AddProducts<T, W>(float* x, float* y, float factor, float* sum, int from, int length)
        where T : struct, ISimd<W>
        where W : struct
    {
        W by = T.Broadcast(factor);
        for (; from + T.Length <= length; from += T.Length)
            T.Store(sum + from, T.MultiplyAdd(T.Multiply(T.Load(x + from), by), T.Load(y + from), T.Load(sum + from)));

        return from;
    }

    private static int RmsNormBackward<T, W>(
        float* x,
        float* weight,
        float* dy,
        float* dx,
        float scale,
        float along,
        bool accumulate,
        int from,
        int length)
        where T : struct, ISimd<W>
        where W : struct
    {
        W by = T.Broadcast(scale), back = T.Broadcast(along);
        for (; from + T.Length <= length; from += T.Length)
        {
            W before = accumulate ? T.Load(dx + from) : T.Broadcast(0);
            W across = T.MultiplyAdd(T.Multiply(T.Load(weight + from), by), T.Load(dy + from), before);
            T.Store(dx + from, T.MultiplyAdd(T.Load(x + from), back, across));
        }

        return from;
    }

    private static int RotateBack<T, W>(float* head, float* cosines, float* sines, int from, int pairs)
        where T : struct, ISimd<W>
        where W : struct
    {
        W zero = T.Broadcast(0);
        for (; from + T.Length <= pairs; from += T.Length)
        {
            W a = T.Load(head + from), b = T.Load(head + pairs + from), cosine = T.Load(cosines + from), sine = T.Load(sines + from);
            T.Store(head + from, T.MultiplyAdd(a, cosine, T.Multiply(b, sine)));
            T.Store(head + pairs + from, T.MultiplyAdd(b, cosine, T.Subtract(zero, T.Multiply(a, sine))));
        }

        return from;
    }

    private static int SwiGluBackward<T, W>(float* gate, float* up, float* dy, float* dGate, float* dUp, int from, int length)
        where T : struct, ISimd<W>
        where W : struct
    {
        W zero = T.Broadcast(0), one = T.Broadcast(1);
        for (; from + T.Length <= length; from += T.Length)
        {
            W g = T.Load(gate + from), u = T.Load(up + from), d = T.Load(dy + from);
            W sigmoid = T.Divide(one, T.Add(one, VectorMath.Exp<T, W>(T.Subtract(zero, g))));
            W slope = T.Multiply(sigmoid, T.MultiplyAdd(g, T.Subtract(one, sigmoid), one));
            T.Store(dGate + from, T.Multiply(T.Multiply(d, u), slope));
            T.Store(dUp + from, T.Multiply(d, T.Multiply(g, sigmoid)));
        }

        return from;
    }

    private static int AdamW<T, W>(
        float* value,
        float* gradient,
        float* mean,
        float* variance,
        in AdamWFactors factors,
        int from,
        int length)
        where T : struct, ISimd<W>
        where W : struct
    {
        W scale = T.Broadcast(factors.GradientScale), epsilon = T.Broadcast(factors.Epsilon), decay = T.Broadcast(factors.WeightDecay);
        W keep1 = T.Broadcast(factors.Beta1), take1 = T.Broadcast(factors.Rest1), correct1 = T.Broadcast(factors.MeanCorrection);
        W keep2 = T.Broadcast(factors.Beta2), take2 = T.Broadcast(factors.Rest2), correct2 = T.Broadcast(factors.VarianceCorrection);
        W step = T.Broadcast(-factors.LearningRate);
        for (; from + T.Length <= length; from += T.Length)
        {
            W g = T.Multiply(T.Load(gradient + from), scale);
            W m = T.MultiplyAdd(T.Load(mean + from), keep1, T.Multiply(g, take1));
            W v = T.MultiplyAdd(T.Load(variance + from), keep2, T.Multiply(T.Multiply(g, g), take2));
            W x = T.Load(value + from);
            W direction = T.Divide(T.Multiply(m, correct1), T.Add(T.Sqrt(T.Multiply(v, correct2)), epsilon));
            T.Store(mean + from, m);
            T.Store(variance + from, v);
            T.Store(value + from, T.MultiplyAdd(T.MultiplyAdd(x, decay, direction), step, x));
        }

        return from;
    }
}
