namespace QwenSharp.Numerics;

/// <summary>
/// Finds the scales and minima of a super-block of 256 whose groups have integers under two half-precision scales: fits every group by
/// itself, rounds these fits, tries their neighbours too, and solves for the two scales again with what was chosen, as long as Σ w (x −
/// x̂)² falls.
/// </summary>
internal static unsafe class GroupMinima
{
    private const int Rounds = 3;

    /// <summary>
    /// Finds d, dmin, the groups' scales l and minima m of 0 … <paramref name="topScale"/>, and codes 0 … <paramref name="top"/>: x ≈ d·l·q
    /// − dmin·m.
    /// </summary>
    /// <returns>d and dmin, as half precision holds them.</returns>
    public static (float Scale, float Minimum) Fit(
        float* x, float* w, int groupLength, int top, int topScale, Span<int> scales, Span<int> minima, byte* codes)
    {
        int groups = 256 / groupLength;
        Span<(float Scale, float Constant)> fits = stackalloc (float, float)[groups];
        float largestScale = 0, leastConstant = 0;
        for (int g = 0; g < groups; g++)
        {
            fits[g] = AffineFit.Fit(x + g * groupLength, w + g * groupLength, groupLength, top, constantAtMost: 0);
            (largestScale, leastConstant) = (MathF.Max(largestScale, fits[g].Scale), MathF.Min(leastConstant, fits[g].Constant));
        }

        float d = 0,
            dmin = 0,
            least = float.PositiveInfinity;
        (float Scale, float Minimum) next = (
            BlockEncoder.RoundToHalf(largestScale / topScale),
            BlockEncoder.RoundToHalf(-leastConstant / topScale));
        Span<int> triedScales = stackalloc int[groups],
            triedMinima = stackalloc int[groups];
        for (int round = 0; round < Rounds; round++)
        {
            float error = Choose(
                x,
                w,
                groupLength,
                top,
                topScale,
                next,
                fits,
                triedScales,
                triedMinima,
                out (float Scale, float Minimum) solved);
            if (!(error < least))
                break;

            ((d, dmin), least) = (next, error);
            triedScales.CopyTo(scales);
            triedMinima.CopyTo(minima);
            next = (BlockEncoder.RoundToHalf(solved.Scale), BlockEncoder.RoundToHalf(solved.Minimum));
        }

        for (int g = 0; g < groups; g++)
            AffineFit.Round(x + g * groupLength, groupLength, top, d * scales[g], -dmin * minima[g], codes + g * groupLength);

        return (d, dmin);
    }

    // The best pair of each group beside its rounded fit, and the scales that suit what was chosen.
    private static float Choose(
        float* x, float* w, int groupLength, int top, int topScale, (float Scale, float Minimum) under,
        ReadOnlySpan<(float Scale, float Constant)> fits, Span<int> scales, Span<int> minima, out (float Scale, float Minimum) solved)
    {
        (float d, float dmin) = under;
        float inverseScale = BlockEncoder.Inverse(d), inverseMinimum = BlockEncoder.Inverse(dmin);

        // Normal equations of x ≈ d·a − dmin·b with a = l·q and b = m.
        double total = 0, aa = 0, ab = 0, bb = 0, ax = 0, bx = 0;
        for (int g = 0; g < fits.Length; g++, x += groupLength, w += groupLength)
        {
            int nearestScale = (int)Math.Clamp(MathF.Round(fits[g].Scale * inverseScale), 0, topScale);
            int nearestMinimum = (int)Math.Clamp(MathF.Round(-fits[g].Constant * inverseMinimum), 0, topScale);

            // Under scales that are too small for half precision zeros may be best.
            float least = AffineFit.Error(x, w, groupLength, top, 0, 0);
            (scales[g], minima[g]) = (0, 0);
            for (int scale = Math.Max(nearestScale - 1, 0); scale <= Math.Min(nearestScale + 1, topScale); scale++)
            {
                for (int minimum = Math.Max(nearestMinimum - 1, 0); minimum <= Math.Min(nearestMinimum + 1, topScale); minimum++)
                {
                    float error = AffineFit.Error(x, w, groupLength, top, d * scale, -dmin * minimum);
                    if (error < least)
                        (least, scales[g], minima[g]) = (error, scale, minimum);
                }
            }

            AffineSums sums = AffineFit.Sums(x, w, groupLength, top, BlockEncoder.Inverse(d * scales[g]), -dmin * minima[g], origin: 0);
            total += least;
            aa += sums.QQ * scales[g] * scales[g];
            ab += sums.Q * scales[g] * minima[g];
            bb += sums.W * minima[g] * minima[g];
            ax += sums.QX * scales[g];
            bx += sums.X * minima[g];
        }

        double determinant = aa * bb - ab * ab;
        if (determinant > 1e-9 * aa * bb)
            solved = ((float)((ax * bb - bx * ab) / determinant), (float)((ax * ab - bx * aa) / determinant));
        else
            solved = (aa > 0 ? (float)((ax + dmin * ab) / aa) : d, dmin);

        return (float)total;
    }
}
