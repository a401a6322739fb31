namespace QwenSharp.Numerics;

// Single precision to what keys and values are stored in, and back. The way back runs over every key and value that decoding reads.
internal sealed unsafe partial class VectorKernels<S, V>
{
    public override void Widen(Half* x, float* y, int length, Half* ahead, bool finite)
    {
        if (finite)
            Widen<FiniteHalfElement>((ushort*)x, y, length, (ushort*)ahead);
        else
            Widen<HalfElement>((ushort*)x, y, length, (ushort*)ahead);
    }

    public override void Widen(ushort* x, float* y, int length, ushort* ahead) => Widen<BfloatElement>(x, y, length, ahead);

    public override void Narrow(float* x, Half* y, int length) => Narrow<HalfElement>(x, (ushort*)y, length);

    public override void Narrow(float* x, ushort* y, int length) => Narrow<BfloatElement>(x, y, length);

    public override void WidenColumns(sbyte* codes, Half* scales, float* y, byte* ahead)
    {
        const int Side = KvStore.BlockTokens;
        float* wide = stackalloc float[Side];
        Widen(scales, wide, Side, scales, finite: false);
        for (int i = 0; i < Side; i++, codes += Side, y += Side, ahead += Side + sizeof(Half))
        {
            S.Prefetch(ahead);
            for (int j = 0; j < Side; j += S.Length)
                S.Store(y + j, S.Multiply(S.LoadBytes(codes + j), S.Load(wide + j)));
        }
    }

    public override void WidenRows(sbyte* codes, Half* scales, float* y, int rows, int stride, byte* ahead)
    {
        const int Side = KvStore.BlockTokens;
        float* wide = stackalloc float[Side];
        Widen(scales, wide, Side, scales, finite: false);
        for (int i = 0; i < rows; i++, codes += Side, y += stride, ahead += Side + sizeof(Half))
        {
            S.Prefetch(ahead);
            V scale = S.Broadcast(wide[i]);
            for (int j = 0; j < Side; j += S.Length)
                S.Store(y + j, S.Multiply(S.LoadBytes(codes + j), scale));
        }
    }

    public override Half Encode(float* x, sbyte* codes)
    {
        const int Side = KvStore.BlockTokens;
        if (!IsFinite(x, Side))
        {
            new Span<sbyte>(codes, Side).Clear();
            return Half.NaN;
        }

        V zero = S.Broadcast(0), most = zero;
        for (int i = 0; i < Side; i += S.Length)
            most = S.Max(S.Max(S.Load(x + i), S.Subtract(zero, S.Load(x + i))), most);

        Half scale = (Half)MathF.Min(S.MaxAcross(most) / 127, (float)Half.MaxValue);
        V inverse = S.Broadcast(scale == Half.Zero ? 0 : 1 / (float)scale), greatest = S.Broadcast(127);
        for (int i = 0; i < Side; i += S.Length)
        {
            V code = S.Multiply(S.Load(x + i), inverse);
            S.StoreBytes(codes + i, S.Min(S.Max(code, S.Subtract(zero, greatest)), greatest));
        }

        return scale;
    }

    /// <summary>Whole vectors, four at a time.</summary>
    private static void Widen<E>(ushort* x, float* y, int length, ushort* ahead)
        where E : struct, IElement
    {
        nint i = 0, end = length - (4 * S.Length);
        for (; i <= end; i += 4 * S.Length)
        {
            // 8 bytes a float of vector: a line of 64 with AVX2, half or two of them with others.
            S.Prefetch(ahead + i);
            S.Store(y + i, E.Load<S, V>(x + i));
            S.Store(y + i + S.Length, E.Load<S, V>(x + i + S.Length));
            S.Store(y + i + (2 * S.Length), E.Load<S, V>(x + i + (2 * S.Length)));
            S.Store(y + i + (3 * S.Length), E.Load<S, V>(x + i + (3 * S.Length)));
        }

        for (; i + S.Length <= length; i += S.Length)
            S.Store(y + i, E.Load<S, V>(x + i));

        for (; i < length; i++)
            y[i] = E.Load<Simd1, float>(x + i);
    }

    private static void Narrow<E>(float* x, ushort* y, int length)
        where E : struct, IElement
    {
        int i = 0;
        for (; i + S.Length <= length; i += S.Length)
            E.Store<S, V>(y + i, S.Load(x + i));

        for (; i < length; i++)
            E.Store<Simd1, float>(y + i, x[i]);
    }
}
