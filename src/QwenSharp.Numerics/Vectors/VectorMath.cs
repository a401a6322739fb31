using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>Functions of vectors, the same to the bit in every lane and for every length of vector that fuses products.</summary>
internal static class VectorMath
{
    /// <summary>1.5 · 2²³: a float plus this is rounded to an integer, which then stands in the low bits of the sum.</summary>
    public const float IntegerShift = 12_582_912f;

    /// <summary>2¹¹²: the difference of the exponent biases of a float and a half.</summary>
    public const float HalfScale = 5.192296858534828e33f;

    /// <summary>
    /// eˣ within one unit in the last place; +0 and +∞ at and beyond the ends, NaN for NaN, exactly 1 at 0.
    /// x = n·ln 2 + r with |r| ≤ ln 2 / 2 (Cody and Waite, 1980: ln 2 in two parts), eˣ = 2ⁿ · (1 + r·(1 + r·q(r))).
    /// q is the polynomial of degree 4 with the least greatest relative error (3.1e-9), by Remez's exchange.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Exp<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct
    {
        // Beyond these the result is 0 or ∞ anyway, and 2ⁿ stays in reach of two factors.
        x = S.Max(S.Broadcast(-104f), S.Min(S.Broadcast(89f), x));

        V p = Reduce<S, V>(x, out V n);

        // 2ⁿ in two factors, so that subnormal results are rounded once and the largest n does not overflow.
        V shift = S.Broadcast(IntegerShift);
        V half = S.MultiplyAdd(n, S.Broadcast(0.5f), shift);
        V rest = S.Add(S.Subtract(n, S.Subtract(half, shift)), shift);
        return S.Multiply(S.Multiply(p, S.PowerOfTwo(half)), S.PowerOfTwo(rest));
    }

    /// <summary>
    /// eˣ as <see cref="Exp"/> gives it, for x up to 88: with a single factor 2ⁿ, so that what would be less than the smallest normal
    /// number,
    /// from x = −87.68 down, is 0. Where x is a score less the greatest score, no more is needed.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V ExpOfScore<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct
    {
        // n is then −127 at the least, whose power of two has no bits set.
        V p = Reduce<S, V>(S.Max(S.Broadcast(-88f), x), out V n);
        return S.Multiply(p, S.PowerOfTwo(S.Add(n, S.Broadcast(IntegerShift))));
    }

    /// <summary>n, the integer nearest to x / ln 2, and eˣ / 2ⁿ.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Reduce<S, V>(V x, out V n)
        where S : struct, ISimd<V>
        where V : struct
    {
        V shift = S.Broadcast(IntegerShift);
        n = S.Subtract(S.MultiplyAdd(x, S.Broadcast(1.44269504f), shift), shift);
        V r = S.MultiplyAdd(n, S.Broadcast(-0.693147182f), x);
        r = S.MultiplyAdd(n, S.Broadcast(1.90465421e-9f), r);

        V q = S.MultiplyAdd(r, S.Broadcast(0.00138145988f), S.Broadcast(0.00836871658f));
        q = S.MultiplyAdd(r, q, S.Broadcast(0.041668389f));
        q = S.MultiplyAdd(r, q, S.Broadcast(0.166665211f));
        q = S.MultiplyAdd(r, q, S.Broadcast(0.49999994f));
        V one = S.Broadcast(1f);
        return S.MultiplyAdd(r, S.MultiplyAdd(r, q, one), one);
    }
}
