namespace QwenSharp.Numerics;

/// <summary>
/// Finds the scale (and minimum) with which rounded codes reproduce a group of values best: several trial scales
/// round the values, weighted least squares solves for the best scale given these codes, and the smallest weighted error wins.
/// </summary>
internal static class GroupFit
{
    private const int Trials = 9;
    private const float TrialStep = 0.1f;

    /// <summary>Fits x ≈ scale · q with −<paramref name="half"/> ≤ q &lt; <paramref name="half"/>; returns the scale, 0 for a zero group.</summary>
    public static float Symmetric(ReadOnlySpan<float> x, int half)
    {
        float extreme = 0;
        foreach (float value in x)
            extreme = MathF.Abs(value) > MathF.Abs(extreme) ? value : extreme;

        if (MathF.Abs(extreme) < ActivationQuantizer.Smallest)
            return 0;

        // The negative end has one code more, so the extreme value maps to it; weights x² favour what matters most in a product.
        float best = 0, bestGain = 0;
        for (int trial = -Trials; trial <= Trials; trial++)
        {
            float inverse = -(half + trial * TrialStep) / extreme;
            float dot = 0, squares = 0;
            foreach (float value in x)
            {
                float code = Math.Clamp(MathF.Round(value * inverse), -half, half - 1), weight = value * value;
                dot += weight * value * code;
                squares += weight * code * code;
            }

            // Least squares lowers the error by dot² / squares.
            if (squares > 0 && dot * dot > bestGain * squares)
                (best, bestGain) = (dot / squares, dot * dot / squares);
        }

        // Weights that underflow leave nothing to solve; the plain scale serves.
        return best == 0 ? extreme / -half : best;
    }

    /// <summary>Fits x ≈ scale · q − minimum with 0 ≤ q ≤ <paramref name="top"/>, scale ≥ 0 and minimum ≥ 0.</summary>
    public static (float Scale, float Minimum) WithMinimum(ReadOnlySpan<float> x, int top)
    {
        float low = 0, high = float.NegativeInfinity, squares = 0;
        foreach (float value in x)
        {
            low = MathF.Min(low, value);
            high = MathF.Max(high, value);
            squares += value * value;
        }

        if (high - low < ActivationQuantizer.Smallest)
            return (0, -low);

        float level = MathF.Sqrt(squares / x.Length);
        (float Scale, float Minimum) best = ((high - low) / top, -low);
        float bestError = Error(x, level, best, top);
        for (int trial = -Trials; trial <= Trials; trial++)
        {
            float inverse = (top + trial * TrialStep) / (high - low);
            (float Scale, float Minimum) fit = Solve(x, level, inverse, low, top);
            float error = Error(x, level, fit, top);
            if (error < bestError)
                (best, bestError) = (fit, error);
        }

        return best;
    }

    // Weighted least squares of x = s·q + c for the codes that the trial scale gives; c is not allowed above zero.
    private static (float Scale, float Minimum) Solve(ReadOnlySpan<float> x, float level, float inverse, float low, int top)
    {
        float w = 0, wx = 0, wq = 0, wqq = 0, wqx = 0;
        foreach (float value in x)
        {
            float code = Math.Clamp(MathF.Round((value - low) * inverse), 0, top), weight = level + MathF.Abs(value);
            w += weight;
            wx += weight * value;
            wq += weight * code;
            wqq += weight * code * code;
            wqx += weight * code * value;
        }

        float determinant = w * wqq - wq * wq;
        if (determinant <= 0)
            return (0, -low);

        float scale = (w * wqx - wq * wx) / determinant, constant = (wqq * wx - wq * wqx) / determinant;
        return constant > 0 ? (wqx / wqq, 0) : (MathF.Max(scale, 0), -constant);
    }

    private static float Error(ReadOnlySpan<float> x, float level, (float Scale, float Minimum) fit, int top)
    {
        float error = 0, inverse = fit.Scale > 0 ? 1 / fit.Scale : 0;
        foreach (float value in x)
        {
            float code = Math.Clamp(MathF.Round((value + fit.Minimum) * inverse), 0, top), miss = fit.Scale * code - fit.Minimum - value;
            error += (level + MathF.Abs(value)) * miss * miss;
        }

        return error;
    }
}
