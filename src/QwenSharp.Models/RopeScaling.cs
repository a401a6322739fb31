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
/// NTK-aware scaling (bloc97, 2023), Hugging Face's "dynamic": θ grows so that the slowest pair is interpolated in full and the fastest not
/// at all,
/// θ' = θ · (Factor · length / original − (Factor − 1))^(d / (d − 2)).
/// The length is that of the whole stretched context, from the first token on: keys in the cache keep the angles that they were stored
/// with,
/// so a base that grew with the sequence would set queries and keys apart.
/// </summary>
/// <param name="Factor">How many times longer the context becomes.</param>
public sealed record DynamicRopeScaling(float Factor) : RopeScaling(Factor)
{
    internal override double Stretch(double frequency, int pair, ModelConfig config)
    {
        double length = config.RotaryLength, growth = (double)Factor * Factor - (Factor - 1);
        return frequency * Math.Pow(growth, -2.0 * pair / (length - 2));
    }
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
    /// <summary>
    /// Whether the bounds of the blend are whole pairs (Hugging Face's <c>truncate</c>, on unless a config says otherwise).
    /// </summary>
    public bool Truncates { get; init; } = true;

    /// <inheritdoc/>
    public override float Magnitude => PaperMagnitude(Factor) * AttentionFactor;

    /// <summary>
    /// YaRN's factor on cosines and sines, 0.1 · mscale · ln(factor) + 1. A config with <c>mscale</c> and <c>mscale_all_dim</c> means the
    /// quotient of the two,
    /// one with <c>attention_factor</c> that number: <see cref="AttentionFactor"/> is what they are divided by
    /// <c>PaperMagnitude(factor)</c>.
    /// </summary>
    public static float PaperMagnitude(float factor, float mscale = 1) => factor <= 1 ? 1 : 0.1f * mscale * MathF.Log(factor) + 1;

    internal override double Stretch(double frequency, int pair, ModelConfig config)
    {
        // The pair that turns β times over the original context solves context · θ^(−2i / length) = 2πβ.
        int length = config.RotaryLength;
        double PairOf(double rotations) =>
            length * Math.Log(OriginalContextLength / (rotations * 2 * Math.PI)) / (2 * Math.Log(config.RopeTheta));

        (double low, double high) = (PairOf(BetaFast), PairOf(BetaSlow));
        if (Truncates)
            (low, high) = (Math.Floor(low), Math.Ceiling(high));

        (low, high) = (Math.Max(0, low), Math.Min(length - 1, high));
        double interpolated = Math.Clamp((pair - low) / Math.Max(0.001, high - low), 0, 1);
        return frequency / Factor * interpolated + frequency * (1 - interpolated);
    }
}
