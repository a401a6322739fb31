using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace QwenSharp.Numerics;

/// <summary>Sums over a group from which least squares solves for a scale and a constant.</summary>
/// <param name="W">Σ w.</param>
/// <param name="X">Σ w·x.</param>
/// <param name="Q">Σ w·q.</param>
/// <param name="QQ">Σ w·q².</param>
/// <param name="QX">Σ w·q·x.</param>
internal readonly record struct AffineSums(double W, double X, double Q, double QQ, double QX);

/// <summary>
/// Finds the scale and the constant with which codes 0 … top reproduce a group of values best, x ≈ s·q + c: several trial scales
/// choose codes, least squares solves for s and c given these codes, and what leaves the least Σ w (x − s·q − c)² wins.
/// Sums are in eight lanes on every processor, so that the same values give the same bytes everywhere.
/// </summary>
internal static unsafe class AffineFit
{
    private const int Trials = 9, Refinements = 4;
    private const float TrialStep = 0.1f;

    /// <summary>Fits a group.</summary>
    /// <param name="x">The values.</param>
    /// <param name="w">Their weights.</param>
    /// <param name="count">How many; a multiple of 8.</param>
    /// <param name="top">The greatest code.</param>
    /// <param name="constantAtMost">Bound of the constant: 0 where only a minimum can be subtracted, +∞ where any constant can be
    /// added.</param>
    /// <returns>s ≥ 0 and c.</returns>
    public static (float Scale, float Constant) Fit(float* x, float* w, int count, int top, float constantAtMost)
    {
        float low = MathF.Min(x[0], constantAtMost), high = x[0];
        for (int i = 1; i < count; i++)
            (low, high) = (MathF.Min(low, x[i]), MathF.Max(high, x[i]));

        if (high - low < ActivationQuantizer.Smallest)
            return (0, low);

        // Values are taken from the lowest, so that sums do not cancel where all are far from zero.
        (float Scale, float Constant) best = ((high - low) / top, 0);
        double bestGain = double.NegativeInfinity;
        float bound = constantAtMost - low;
        for (int trial = -Trials; trial <= Trials; trial++)
            Try((top + trial * TrialStep) / (high - low), 0, low, x, w, count, top, bound, ref best, ref bestGain);

        // Codes that the solved fit chooses are at least as good.
        for (int i = 0; i < Refinements; i++)
        {
            if (!Try(1 / best.Scale, best.Constant, low, x, w, count, top, bound, ref best, ref bestGain))
                break;
        }

        return (best.Scale, low + best.Constant);
    }

    /// <summary>Σ w (x − s·q − c)² with the nearest codes q.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Error(float* x, float* w, int count, int top, float scale, float constant)
    {
        Vector256<float> errors = default,
            limit = Vector256.Create((float)top);
        Vector256<float> factor = Vector256.Create(scale),
            inverse = Vector256.Create(BlockEncoder.Inverse(scale)),
            shift = Vector256.Create(constant);
        for (int i = 0; i < count; i += 8)
        {
            Vector256<float> value = Vector256.Load(x + i) - shift;
            Vector256<float> miss = value - factor * Code(value * inverse, limit);
            errors += Vector256.Load(w + i) * (miss * miss);
        }

        return Vector256.Sum(errors);
    }

    /// <summary>The sums over a group of values less an origin, with the nearest codes to a scale and a constant.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static AffineSums Sums(float* x, float* w, int count, int top, float inverse, float constant, float origin)
    {
        Vector256<float> ws = default,
            wx = default,
            wq = default,
            wqq = default,
            wqx = default;
        Vector256<float> factor = Vector256.Create(inverse),
            shift = Vector256.Create(constant),
            from = Vector256.Create(origin),
            limit = Vector256.Create((float)top);
        for (int i = 0; i < count; i += 8)
        {
            Vector256<float> value = Vector256.Load(x + i) - from,
                weight = Vector256.Load(w + i),
                code = Code((value - shift) * factor, limit);
            Vector256<float> weighted = weight * code;
            ws += weight;
            wx += weight * value;
            wq += weighted;
            wqq += weighted * code;
            wqx += weighted * value;
        }

        return new AffineSums(Vector256.Sum(ws), Vector256.Sum(wx), Vector256.Sum(wq), Vector256.Sum(wqq), Vector256.Sum(wqx));
    }

    /// <summary>Writes the nearest codes.</summary>
    public static void Round(float* x, int count, int top, float scale, float constant, byte* codes)
    {
        Vector256<float> inverse = Vector256.Create(BlockEncoder.Inverse(scale)),
            shift = Vector256.Create(constant),
            limit = Vector256.Create((float)top);
        for (int i = 0; i < count; i += 8)
        {
            Vector256<float> code = Code((Vector256.Load(x + i) - shift) * inverse, limit);
            for (int k = 0; k < 8; k++)
                codes[i + k] = (byte)code[k];
        }
    }

    private static bool Try(
        float inverse,
        float constant,
        float low,
        float* x,
        float* w,
        int count,
        int top,
        float bound,
        ref (float Scale, float Constant) best,
        ref double bestGain)
    {
        AffineSums sums = Sums(x, w, count, top, inverse, constant, low);
        double determinant = sums.W * sums.QQ - sums.Q * sums.Q;
        if (determinant <= 0)
            return false;

        double s = (sums.W * sums.QX - sums.X * sums.Q) / determinant, c = (sums.QQ * sums.X - sums.Q * sums.QX) / determinant;
        if (c > bound)
            (s, c) = ((sums.QX - bound * sums.Q) / sums.QQ, bound);

        // Σ w·x² less the error.
        double gain = s * (2 * sums.QX - s * sums.QQ - 2 * c * sums.Q) + c * (2 * sums.X - c * sums.W);
        if (s <= 0 || !(gain > bestGain))
            return false;

        (best, bestGain) = (((float)s, (float)c), gain);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Code(Vector256<float> value, Vector256<float> limit) =>
        Vector256.Min(Vector256.Max(Vector256.Round(value), default), limit);
}
