namespace QwenSharp.Numerics;

/// <summary>
/// The operations of a forward pass, on the kernels of one instruction set and one pool of threads.
/// It owns scratch memory, so one engine loop uses it at a time.
/// Every operation computes a row (a token) the same way whatever other rows are in the batch.
/// </summary>
public sealed partial class Compute : IDisposable
{
    /// <summary>Chooses kernels and starts the threads.</summary>
    /// <param name="threads">How many threads compute, the caller's included; 0 for one a processor.</param>
    /// <param name="isa">Which kernels; null for what <see cref="InstructionSets.Variable"/> names, or else the processor's best.</param>
    /// <param name="precision">What the matrix products of training multiply; all else is F32.</param>
    /// <exception cref="ArgumentException">This processor cannot run these kernels, or the variable names none.</exception>
    public Compute(int threads = 0, Isa? isa = null, TrainingPrecision precision = TrainingPrecision.F32)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        Isa = isa is { } chosen
            ? InstructionSets.Require(chosen)
            : InstructionSets.Select(Environment.GetEnvironmentVariable(InstructionSets.Variable));
        Precision = TrainingPrecisions.WhyNot(precision, Isa) is { } missing
            ? throw new ArgumentException(missing, nameof(precision))
            : precision;
        Pool = new WorkerPool(threads == 0 ? Environment.ProcessorCount : threads);
        _matMul = IMatMul.Create(Isa, Pool);
    }

    /// <summary>The kernels in use.</summary>
    public Isa Isa { get; }

    /// <summary>What the matrix products of training multiply.</summary>
    public TrainingPrecision Precision { get; }

    /// <summary>How many threads compute, the caller's included.</summary>
    public int Threads => Pool.Threads;

    internal WorkerPool Pool { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Pool.Dispose();
        _matMul.Dispose();
        DisposeAttention();
        _gemm?.Dispose();
        DisposeTraining();
    }
}
