namespace QwenSharp.Numerics;

/// <summary>One step of AdamW (Loshchilov and Hutter, 2019, algorithm 2), for <see cref="TrainingCompute.AdamW"/>.</summary>
/// <param name="LearningRate">The rate of this step, schedule included.</param>
/// <param name="Beta1">Decay of the mean of gradients: 0 ≤ β₁ &lt; 1.</param>
/// <param name="Beta2">Decay of the mean of their squares: 0 ≤ β₂ &lt; 1.</param>
/// <param name="Epsilon">Added to the root of the corrected mean of squares.</param>
/// <param name="WeightDecay">Decoupled: a share of the value itself, times the rate.</param>
/// <param name="Step">Which step this is, from 1: the means began at 0 and are corrected for it.</param>
/// <param name="GradientScale">What the gradient is multiplied with first: of accumulation and clipping.</param>
public readonly record struct AdamWStep(
    float LearningRate,
    float Beta1,
    float Beta2,
    float Epsilon,
    float WeightDecay,
    long Step,
    float GradientScale);
