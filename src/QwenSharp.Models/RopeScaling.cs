namespace QwenSharp.Models;

/// <summary>How rotary angles are stretched so that a model reads beyond the length it was trained on.</summary>
/// <param name="Factor">How many times longer the context becomes; at least 1.</param>
public abstract record RopeScaling(float Factor);

/// <summary>Position interpolation (Chen et al., 2023): every angle is divided by <see cref="RopeScaling.Factor"/>.</summary>
/// <param name="Factor">How many times longer the context becomes.</param>
public sealed record LinearRopeScaling(float Factor) : RopeScaling(Factor);

/// <summary>
/// YaRN (Peng et al., 2023): slow rotations are interpolated, fast ones kept, those between blended;
/// cosines and sines are multiplied by <see cref="Magnitude"/>, which sharpens the softmax.
/// </summary>
/// <param name="Factor">How many times longer the context becomes.</param>
/// <param name="OriginalContextLength">Positions of the context before it was stretched.</param>
/// <param name="Magnitude">Factor on cosines and sines; the paper's is 0.1 ln(Factor) + 1.</param>
/// <param name="BetaFast">Rotations over the original context from which a pair is left as it is.</param>
/// <param name="BetaSlow">Rotations over the original context up to which a pair is interpolated in full.</param>
public sealed record YarnRopeScaling(
    float Factor, int OriginalContextLength, float Magnitude, float BetaFast = 32, float BetaSlow = 1) : RopeScaling(Factor)
{
    /// <summary>The paper's magnitude for a factor: 0.1 ln(factor) + 1.</summary>
    public static float MagnitudeOf(float factor) => 0.1f * MathF.Log(factor) + 1;
}
