namespace QwenSharp.Numerics;

/// <summary>
/// Finds the scales of a super-block of 256 whose groups have integer scales under one half-precision scale d: fits every group by itself,
/// rounds these fits under d, tries their neighbours too, and solves for d again with what was chosen, as long as Σ w (x − x̂)² falls.
/// </summary>
internal static unsafe class GroupScales<TCodes>
    where TCodes : struct, ICodes
{
    private const int Rounds = 3;

    /// <summary>
    /// Finds d, the groups' scales l of −<paramref name="topScale"/> … <paramref name="topScale"/> − 1, and the codes q: x ≈ d·l·q.
    /// </summary>
    /// <returns>d, as half precision holds it.</returns>
    public static float Fit(float* x, float* w, int groupLength, int topScale, Span<int> scales, sbyte* codes)
    {
        int groups = 256 / groupLength;
        Span<float> fits = stackalloc float[groups];
        float extreme = 0;
        for (int g = 0; g < groups; g++)
        {
            fits[g] = ScaleFit<TCodes>.Fit(x + g * groupLength, w + g * groupLength, groupLength);
            extreme = MathF.Abs(fits[g]) > MathF.Abs(extreme) ? fits[g] : extreme;
        }

        // The group with the largest scale maps to the negative end, which has one value more.
        float d = 0, next = BlockEncoder.RoundToHalf(extreme / -topScale), least = float.PositiveInfinity;
        Span<int> tried = stackalloc int[groups];
        for (int round = 0; round < Rounds; round++)
        {
            float error = Choose(x, w, groupLength, topScale, next, fits, tried, out float solved);
            if (!(error < least))
                break;

            (d, least) = (next, error);
            tried.CopyTo(scales);
            next = BlockEncoder.RoundToHalf(solved);
        }

        for (int g = 0; g < groups; g++)
            ScaleFit<TCodes>.Round(x + g * groupLength, groupLength, d * scales[g], codes + g * groupLength);

        return d;
    }

    // The best scale of each group beside its rounded fit, and the d that suits what was chosen.
    private static float Choose(
        float* x, float* w, int groupLength, int topScale, float d, ReadOnlySpan<float> fits, Span<int> scales, out float solved)
    {
        double total = 0, dots = 0, squares = 0;
        float inverse = BlockEncoder.Inverse(d);
        for (int g = 0; g < fits.Length; g++, x += groupLength, w += groupLength)
        {
            int nearest = (int)Math.Clamp(MathF.Round(fits[g] * inverse), -topScale, topScale - 1);
            float least = float.PositiveInfinity, dot = 0, square = 0;
            for (int scale = Math.Max(nearest - 1, -topScale); scale <= Math.Min(nearest + 1, topScale - 1); scale++)
            {
                float error = ScaleFit<TCodes>.Error(x, w, groupLength, d * scale, out float scaleDot, out float scaleSquare);
                if (error < least)
                    (least, scales[g], dot, square) = (error, scale, scaleDot * scale, scaleSquare * scale * scale);
            }

            total += least;
            dots += dot;
            squares += square;
        }

        solved = squares > 0 ? (float)(dots / squares) : d;
        return (float)total;
    }
}
