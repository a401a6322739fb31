namespace QwenSharp.Numerics;

public sealed partial class TrainingCompute
{
    /// <summary>
    /// A step of AdamW over all rows, in one pass: g = gradientScale · gradient, m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g²,
    /// value ← value − rate · (m̂ / (√v̂ + ε) + decay · value) with m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ).
    /// </summary>
    /// <param name="value">The weights.</param>
    /// <param name="gradient">Their gradient; read only.</param>
    /// <param name="mean">m, zeros before step 1.</param>
    /// <param name="variance">v, zeros before step 1.</param>
    /// <param name="step">The numbers of this step.</param>
    /// <exception cref="ArgumentException">The four are not different matrices of one shape, or a number of the step is out of its
    /// range.</exception>
    public unsafe void AdamW(Activations value, Activations gradient, Activations mean, Activations variance, in AdamWStep step)
    {
        CheckLike(value, gradient, nameof(gradient));
        CheckLike(value, mean, nameof(mean));
        CheckLike(value, variance, nameof(variance));
        CheckDistinct(nameof(value), value, gradient, mean, variance);
        CheckDistinct(nameof(mean), mean, gradient, variance);
        CheckDistinct(nameof(variance), variance, gradient);
        if (!(step.Beta1 >= 0 && step.Beta1 < 1 && step.Beta2 >= 0 && step.Beta2 < 1))
            throw new ArgumentOutOfRangeException(nameof(step), step, "β₁ and β₂ are at least 0 and below 1.");
        if (step.Step < 1)
            throw new ArgumentOutOfRangeException(nameof(step), step, "Steps are counted from 1.");

        long length = (long)value.Capacity * value.Width;
        AdamWJob job = new(Vectors, value.Pointer, gradient.Pointer, mean.Pointer, variance.Pointer, new AdamWFactors(step), length);
        Pool.Run(ref job, checked((int)((length + AdamWJob.TaskFloats - 1) / AdamWJob.TaskFloats)));
        Keep(value, gradient, mean);
        GC.KeepAlive(variance);
    }

    private static void CheckLike(Activations value, Activations other, string name)
    {
        if (other.Width != value.Width || other.Capacity != value.Capacity)
        {
            throw new ArgumentException(
                $"[{other.Capacity}, {other.Width}] is not of the value's shape [{value.Capacity}, {value.Width}].",
                name);
        }
    }
}
