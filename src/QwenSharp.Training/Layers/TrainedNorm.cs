using QwenSharp.Numerics;

namespace QwenSharp.Training;

/// <summary>The weight of an RMSNorm, trained or frozen.</summary>
/// <param name="Weight">F32 of shape [width].</param>
/// <param name="Trained">The same where it is trained.</param>
internal sealed record TrainedNorm(Tensor Weight, Parameter? Trained)
{
    /// <summary>Where the weight's gradient is added; null where it is frozen.</summary>
    public HostActivations? Gradient => Trained?.Gradient;
}
