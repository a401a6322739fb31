namespace QwenSharp.Numerics;

/// <summary>
/// The operations of training, on the processor: those of a forward pass, the ways back through them, and steps of optimisers.
/// </summary>
public sealed partial class TrainingCompute : CpuCompute
{
    /// <summary>Chooses kernels and starts the threads.</summary>
    /// <param name="threads">How many threads compute, the caller's included; 0 for one a processor.</param>
    /// <param name="isa">Which kernels; null for what <see cref="InstructionSets.Variable"/> names, or else the processor's best.</param>
    /// <param name="precision">What matrix products multiply; all else is F32.</param>
    /// <exception cref="ArgumentException">This processor cannot run these kernels, or the variable names none.</exception>
    public TrainingCompute(int threads = 0, Isa? isa = null, TrainingPrecision precision = TrainingPrecision.F32)
        : base(threads, Choose(isa, precision)) => Precision = precision;

    /// <summary>What matrix products multiply.</summary>
    public TrainingPrecision Precision { get; }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _gemm?.Dispose();
        DisposeSegments();
        _training?.Dispose();
    }

    private static Isa Choose(Isa? isa, TrainingPrecision precision)
    {
        Isa chosen = Choose(isa);
        return TrainingPrecisions.WhyNot(precision, chosen) is { } missing
            ? throw new ArgumentException(missing, nameof(precision))
            : chosen;
    }
}
