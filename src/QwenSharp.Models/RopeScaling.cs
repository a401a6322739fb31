namespace QwenSharp.Models;

/// <summary>How rotary angles are stretched so that a model reads beyond the length it was trained on.</summary>
/// <param name="Factor">How many times longer the context becomes; above 1.</param>
public abstract record RopeScaling(float Factor)
{
    /// <summary>What cosines and sines are multiplied by.</summary>
    public virtual float Magnitude => 1;

    /// <summary>The stretched frequency of one pair of a head, in radians a position.</summary>
    internal abstract double Stretch(double frequency, int pair, ModelConfig config);
}

/// <summary>Position interpolation (Chen et al., 2023): every angle is divided by <see cref="RopeScaling.Factor"/>.</summary>
/// <param name="Factor">How many times longer the context becomes.</param>
public sealed record LinearRopeScaling(float Factor) : RopeScaling(Factor)
{
    internal override double Stretch(double frequency, int pair, ModelConfig config) => frequency / Factor;
}

/// <summary>
/// YaRN (Peng et al., 2023): slow rotations are interpolated, fast ones kept, those between blended;
/// cosines and sines are multiplied by 0.1 ln(Factor) + 1, which sharpens the softmax.
/// </summary>
/// <param name="Factor">How many times longer the context becomes.</param>
/// <param name="OriginalContextLength">Positions of the context before it was stretched.</param>
/// <param name="AttentionFactor">A further factor on cosines and sines.</param>
/// <param name="BetaFast">Rotations over the original context from which a pair is left as it is.</param>
/// <param name="BetaSlow">Rotations over the original context up to which a pair is interpolated in full.</param>
public sealed record YarnRopeScaling(
    float Factor, int OriginalContextLength, float AttentionFactor = 1, float BetaFast = 32, float BetaSlow = 1) : RopeScaling(Factor)
{
    /// <inheritdoc/>
    public override float Magnitude => (0.1f * MathF.Log(Factor) + 1) * AttentionFactor;

    internal override double Stretch(double frequency, int pair, ModelConfig config)
    {
        // The pair that turns β times over the original context solves context · θ^(−2i / headLength) = 2πβ.
        double PairOf(double rotations) =>
            config.HeadLength * Math.Log(OriginalContextLength / (rotations * 2 * Math.PI)) / (2 * Math.Log(config.RopeTheta));

        double low = Math.Max(0, Math.Floor(PairOf(BetaFast)));
        double high = Math.Min(config.HeadLength - 1, Math.Ceiling(PairOf(BetaSlow)));
        double interpolated = Math.Clamp((pair - low) / Math.Max(0.001, high - low), 0, 1);
        return frequency / Factor * interpolated + frequency * (1 - interpolated);
    }
}
