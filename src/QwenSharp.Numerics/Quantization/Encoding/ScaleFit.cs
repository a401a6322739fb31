using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace QwenSharp.Numerics;

/// <summary>
/// Finds the scale with which a kind of codes reproduces a group of values best: several trial scales choose codes, least
/// squares solves for the best scale given these codes, and what leaves the least Σ w (x − s·q)² wins.
/// Sums are in eight lanes on every processor, so that the same values give the same bytes everywhere.
/// </summary>
internal static unsafe class ScaleFit<TCodes>
    where TCodes : struct, ICodes
{
    private const int Refinements = 4;

    /// <summary>The scale of a group, of either sign; 0 for a group of zeros.</summary>
    /// <param name="x">The values.</param>
    /// <param name="w">Their weights.</param>
    /// <param name="count">How many; a multiple of 8.</param>
    public static float Fit(float* x, float* w, int count)
    {
        float extreme = 0;
        for (int i = 0; i < count; i++)
            extreme = MathF.Abs(x[i]) > MathF.Abs(extreme) ? x[i] : extreme;

        if (MathF.Abs(extreme) < ActivationQuantizer.Smallest)
            return 0;

        float best = 0, bestGain = 0;
        for (int trial = 0; trial < TCodes.Targets; trial++)
        {
            float inverse = (TCodes.FirstTarget + trial * TCodes.TargetStep) / extreme;
            Try(inverse, x, w, count, ref best, ref bestGain);
            if (TCodes.BothSigns)
                Try(-inverse, x, w, count, ref best, ref bestGain);
        }

        // Codes that the solved scale chooses are at least as good.
        for (int i = 0; i < Refinements && best != 0; i++)
        {
            if (!Try(1 / best, x, w, count, ref best, ref bestGain))
                break;
        }

        return best;
    }

    /// <summary>Σ w (x − s·q)² with the nearest codes q, and the sums that least squares needs.</summary>
    /// <param name="x">The values.</param>
    /// <param name="w">Their weights.</param>
    /// <param name="count">How many; a multiple of 8.</param>
    /// <param name="scale">s.</param>
    /// <param name="dot">Σ w·x·q.</param>
    /// <param name="squares">Σ w·q².</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Error(float* x, float* w, int count, float scale, out float dot, out float squares)
    {
        Vector256<float> errors = default, dots = default, norms = default;
        Vector256<float> factor = Vector256.Create(scale), inverse = Vector256.Create(BlockEncoder.Inverse(scale));
        for (int i = 0; i < count; i += 8)
        {
            Vector256<float> value = Vector256.Load(x + i), weight = Vector256.Load(w + i), code = TCodes.Nearest(value * inverse);
            Vector256<float> miss = value - factor * code, weighted = weight * code;
            errors += weight * (miss * miss);
            dots += weighted * value;
            norms += weighted * code;
        }

        (dot, squares) = (Vector256.Sum(dots), Vector256.Sum(norms));
        return Vector256.Sum(errors);
    }

    /// <summary>Writes the nearest codes.</summary>
    public static void Round(float* x, int count, float scale, sbyte* codes)
    {
        Vector256<float> inverse = Vector256.Create(BlockEncoder.Inverse(scale));
        for (int i = 0; i < count; i += 8)
        {
            Vector256<float> code = TCodes.Nearest(Vector256.Load(x + i) * inverse);
            for (int k = 0; k < 8; k++)
                codes[i + k] = (sbyte)code[k];
        }
    }

    // Least squares lowers the error by dot² / squares.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Try(float inverse, float* x, float* w, int count, ref float best, ref float bestGain)
    {
        Vector256<float> dots = default, norms = default, factor = Vector256.Create(inverse);
        for (int i = 0; i < count; i += 8)
        {
            Vector256<float> value = Vector256.Load(x + i), code = TCodes.Nearest(value * factor), weighted = Vector256.Load(w + i) * code;
            dots += weighted * value;
            norms += weighted * code;
        }

        float dot = Vector256.Sum(dots), squares = Vector256.Sum(norms);
        if (squares <= 0 || dot * dot <= bestGain * squares)
            return false;

        (best, bestGain) = (dot / squares, dot * dot / squares);
        return true;
    }
}
