using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

// Each loop is written once, for vectors; it runs again over single floats for what is left of the row.
internal sealed unsafe partial class VectorKernels<S, V> : VectorKernels
    where S : struct, ISimd<V>
    where V : struct
{
    public override void RmsNorm(float* x, float* weight, float epsilon, float* y, int length)
    {
        float scale = 1 / MathF.Sqrt((SumOfSquares(x, length) / length) + epsilon);
        ScaleBy<Simd1, float>(x, weight, scale, y, ScaleBy<S, V>(x, weight, scale, y, 0, length), length);
    }

    public override void Rotate(float* head, float* cosines, float* sines, int pairs) =>
        Rotate<Simd1, float>(head, cosines, sines, Rotate<S, V>(head, cosines, sines, 0, pairs), pairs);

    public override void SwiGlu(float* gate, float* up, float* y, int length) =>
        SwiGlu<Simd1, float>(gate, up, y, SwiGlu<S, V>(gate, up, y, 0, length), length);

    public override void Add(float* x, float* y, int length) =>
        Add<Simd1, float>(x, y, Add<S, V>(x, y, 0, length), length);

    public override void AddScaled(float* x, float factor, float* y, int length) =>
        AddScaled<Simd1, float>(x, factor, y, AddScaled<S, V>(x, factor, y, 0, length), length);

    public override void Scale(float* x, float factor, int length) =>
        Scale<Simd1, float>(x, factor, Scale<S, V>(x, factor, 0, length), length);

    public override bool IsFinite(float* x, int length)
    {
        // 0 · x is 0 for a finite x and NaN for any other.
        V zero = S.Broadcast(0), sum = zero;
        int i = 0;
        for (; i + S.Length <= length; i += S.Length)
            sum = S.MultiplyAdd(S.Load(x + i), zero, sum);

        float rest = S.Sum(sum);
        for (; i < length; i++)
            rest += x[i] * 0;

        return rest == 0;
    }

    public override float Max(float* x, int length)
    {
        float max = float.NegativeInfinity;
        int i = 0;
        if (length >= S.Length)
        {
            V lanes = S.Broadcast(max);
            for (; i + S.Length <= length; i += S.Length)
                lanes = S.Max(S.Load(x + i), lanes);

            max = S.MaxAcross(lanes);
        }

        for (; i < length; i++)
            max = Simd1.Max(x[i], max);

        return max;
    }

    public override float ExpAndSum(float* x, float shift, float* y, int length)
    {
        V sum = S.Broadcast(0), by = S.Broadcast(shift);
        int i = 0;
        for (; i + S.Length <= length; i += S.Length)
        {
            V e = VectorMath.Exp<S, V>(S.Subtract(S.Load(x + i), by));
            S.Store(y + i, e);
            sum = S.Add(sum, e);
        }

        float total = S.Sum(sum);
        for (; i < length; i++)
            total += y[i] = VectorMath.Exp<Simd1, float>(x[i] - shift);

        return total;
    }

    public override float SumOfExp(float* x, float shift, int length)
    {
        V sum = S.Broadcast(0), by = S.Broadcast(shift);
        int i = 0;
        for (; i + S.Length <= length; i += S.Length)
            sum = S.Add(sum, VectorMath.Exp<S, V>(S.Subtract(S.Load(x + i), by)));

        float total = S.Sum(sum);
        for (; i < length; i++)
            total += VectorMath.Exp<Simd1, float>(x[i] - shift);

        return total;
    }

    // Four partial sums a lane, so that one addition does not wait for the one before.
    public override float SumOfSquares(float* x, int length)
    {
        V a = S.Broadcast(0), b = a, c = a, d = a;
        int i = 0;
        for (; i + (4 * S.Length) <= length; i += 4 * S.Length)
        {
            V xa = S.Load(x + i), xb = S.Load(x + i + S.Length), xc = S.Load(x + i + (2 * S.Length)), xd = S.Load(x + i + (3 * S.Length));
            a = S.MultiplyAdd(xa, xa, a);
            b = S.MultiplyAdd(xb, xb, b);
            c = S.MultiplyAdd(xc, xc, c);
            d = S.MultiplyAdd(xd, xd, d);
        }

        for (; i + S.Length <= length; i += S.Length)
            a = S.MultiplyAdd(S.Load(x + i), S.Load(x + i), a);

        float sum = S.Sum(S.Add(S.Add(a, b), S.Add(c, d)));
        for (; i < length; i++)
            sum = MathF.FusedMultiplyAdd(x[i], x[i], sum);

        return sum;
    }

    private static int ScaleBy<T, W>(float* x, float* weight, float scale, float* y, int from, int length)
        where T : struct, ISimd<W>
        where W : struct
    {
        W factor = T.Broadcast(scale);
        for (; from + T.Length <= length; from += T.Length)
            T.Store(y + from, T.Multiply(T.Multiply(T.Load(x + from), factor), T.Load(weight + from)));

        return from;
    }

    private static int AddScaled<T, W>(float* x, float factor, float* y, int from, int length)
        where T : struct, ISimd<W>
        where W : struct
    {
        W by = T.Broadcast(factor);
        for (; from + T.Length <= length; from += T.Length)
            T.Store(y + from, T.MultiplyAdd(T.Load(x + from), by, T.Load(y + from)));

        return from;
    }

    private static int Rotate<T, W>(float* head, float* cosines, float* sines, int from, int pairs)
        where T : struct, ISimd<W>
        where W : struct
    {
        W zero = T.Broadcast(0);
        for (; from + T.Length <= pairs; from += T.Length)
        {
            W a = T.Load(head + from), b = T.Load(head + pairs + from), cosine = T.Load(cosines + from), sine = T.Load(sines + from);
            T.Store(head + from, T.MultiplyAdd(a, cosine, T.Subtract(zero, T.Multiply(b, sine))));
            T.Store(head + pairs + from, T.MultiplyAdd(a, sine, T.Multiply(b, cosine)));
        }

        return from;
    }

    private static int SwiGlu<T, W>(float* gate, float* up, float* y, int from, int length)
        where T : struct, ISimd<W>
        where W : struct
    {
        W zero = T.Broadcast(0), one = T.Broadcast(1);
        for (; from + T.Length <= length; from += T.Length)
        {
            W g = T.Load(gate + from);
            W silu = T.Divide(g, T.Add(one, VectorMath.Exp<T, W>(T.Subtract(zero, g))));
            T.Store(y + from, T.Multiply(silu, T.Load(up + from)));
        }

        return from;
    }

    private static int Add<T, W>(float* x, float* y, int from, int length)
        where T : struct, ISimd<W>
        where W : struct
    {
        for (; from + T.Length <= length; from += T.Length)
            T.Store(y + from, T.Add(T.Load(x + from), T.Load(y + from)));

        return from;
    }

    private static int Scale<T, W>(float* x, float factor, int from, int length)
        where T : struct, ISimd<W>
        where W : struct
    {
        for (; from + T.Length <= length; from += T.Length)
            T.Store(x + from, T.Multiply(T.Load(x + from), T.Broadcast(factor)));

        return from;
    }
}
