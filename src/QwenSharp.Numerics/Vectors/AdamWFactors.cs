namespace QwenSharp.Numerics;

/// <summary>
/// The numbers of an <see cref="AdamWStep"/> that its kernel multiplies with; those with 1 − β are reckoned in double precision.
/// </summary>
internal readonly struct AdamWFactors
{
    public AdamWFactors(in AdamWStep step)
    {
        (LearningRate, Beta1, Beta2) = (step.LearningRate, step.Beta1, step.Beta2);
        (Epsilon, WeightDecay, GradientScale) = (step.Epsilon, step.WeightDecay, step.GradientScale);
        (Rest1, Rest2) = ((float)(1 - (double)step.Beta1), (float)(1 - (double)step.Beta2));
        MeanCorrection = (float)(1 / (1 - Math.Pow(step.Beta1, step.Step)));
        VarianceCorrection = (float)(1 / (1 - Math.Pow(step.Beta2, step.Step)));
    }

    public float LearningRate { get; }

    public float Beta1 { get; }

    /// <summary>1 − β₁.</summary>
    public float Rest1 { get; }

    public float Beta2 { get; }

    /// <summary>1 − β₂.</summary>
    public float Rest2 { get; }

    public float Epsilon { get; }

    public float WeightDecay { get; }

    public float GradientScale { get; }

    /// <summary>1 / (1 − β₁ᵗ).</summary>
    public float MeanCorrection { get; }

    /// <summary>1 / (1 − β₂ᵗ).</summary>
    public float VarianceCorrection { get; }
}
