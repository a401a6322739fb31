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
        : this(() => new WorkerPool(Positive(threads)), isa, precision)
    {
    }

    /// <summary>Chooses kernels that compute on a machine's threads; a step begins with <see cref="TakeTurn"/>.</summary>
    /// <param name="machine">Whose threads they are; not owned.</param>
    /// <param name="threads">How many of them compute, the caller's included; 0 for all.</param>
    /// <param name="isa">Which kernels; null for what <see cref="InstructionSets.Variable"/> names, or else the processor's best.</param>
    /// <exception cref="ArgumentException">This processor cannot run these kernels, the variable names none, or there are not so many
    /// threads.</exception>
    public Compute(MachineResources machine, int threads = 0, Isa? isa = null)
        : this(() => machine.Workers(threads), isa, TrainingPrecision.F32)
    {
    }

    private Compute(Func<WorkerPool> pool, Isa? isa, TrainingPrecision precision)
    {
        Isa = isa is { } chosen
            ? InstructionSets.Require(chosen)
            : InstructionSets.Select(Environment.GetEnvironmentVariable(InstructionSets.Variable));
        Precision = TrainingPrecisions.WhyNot(precision, Isa) is { } missing
            ? throw new ArgumentException(missing, nameof(precision))
            : precision;
        Pool = pool();
        _matMul = IMatMul.Create(Isa, Pool);
    }

    /// <summary>The kernels in use.</summary>
    public Isa Isa { get; }

    /// <summary>What the matrix products of training multiply.</summary>
    public TrainingPrecision Precision { get; }

    /// <summary>How many threads compute, the caller's included.</summary>
    public int Threads => Pool.Threads;

    /// <summary>Takes the threads for a step, and waits as long as others have them.</summary>
    public void TakeTurn() => Pool.TakeTurn();

    /// <summary>Ends the step; others may have the threads.</summary>
    public void EndTurn() => Pool.EndTurn();

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

    private static int Positive(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        return threads == 0 ? Environment.ProcessorCount : threads;
    }
}
