namespace QwenSharp.Numerics;

/// <summary>
/// The processor as a backend: the kernels of one instruction set and one pool of threads. A result's bits depend on neither: products with
/// quantised weights are the same on every instruction set, and all operations whatever the number of threads.
/// </summary>
public partial class CpuCompute : Compute
{
    /// <summary>Chooses kernels and starts the threads.</summary>
    /// <param name="threads">How many threads compute, the caller's included; 0 for one a processor.</param>
    /// <param name="isa">Which kernels; null for what <see cref="InstructionSets.Variable"/> names, or else the processor's best.</param>
    /// <exception cref="ArgumentException">This processor cannot run these kernels, or the variable names none.</exception>
    public CpuCompute(int threads = 0, Isa? isa = null)
        : this(() => new WorkerPool(Positive(threads)), isa)
    {
    }

    /// <summary>Chooses kernels that compute on a machine's threads; a step begins with <see cref="TakeTurn"/>.</summary>
    /// <param name="machine">Whose threads they are; not owned.</param>
    /// <param name="threads">How many of them compute, the caller's included; 0 for all.</param>
    /// <param name="isa">Which kernels; null for what <see cref="InstructionSets.Variable"/> names, or else the processor's best.</param>
    /// <exception cref="ArgumentException">This processor cannot run these kernels, the variable names none, or there are not so many
    /// threads.</exception>
    public CpuCompute(MachineResources machine, int threads = 0, Isa? isa = null)
        : this(() => machine.Workers(threads), isa)
    {
    }

    private CpuCompute(Func<WorkerPool> pool, Isa? isa)
    {
        Isa = Choose(isa);
        Pool = pool();
        _matMul = IMatMul.Create(Isa, Pool);
    }

    /// <summary>The kernels in use.</summary>
    public Isa Isa { get; }

    /// <summary>How many threads compute, the caller's included.</summary>
    public int Threads => Pool.Threads;

    internal WorkerPool Pool { get; }

    /// <summary>Takes the threads for a step, and waits as long as others have them.</summary>
    public void TakeTurn() => Pool.TakeTurn();

    /// <summary>Ends the step; others may have the threads.</summary>
    public void EndTurn() => Pool.EndTurn();

    /// <inheritdoc/>
    public override Activations CreateActivations(int capacity, int width) => new HostActivations(capacity, width);

    /// <inheritdoc/>
    public override KvStore CreateKvStore(TensorType type, int layers, int kvHeads, int headLength, int blocks) =>
        new HostKvStore(type, layers, kvHeads, headLength, blocks);

    /// <inheritdoc/>
    public override RecurrentStore CreateRecurrentStore(DeltaNetShape shape, int layers, int slots) =>
        new HostRecurrentStore(shape, layers, slots);

    /// <inheritdoc/>
    public override void Dispose()
    {
        GC.SuppressFinalize(this);
        Pool.Dispose();
        _matMul.Dispose();
        DisposeAttention();
    }

    private static int Positive(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        return threads == 0 ? Environment.ProcessorCount : threads;
    }

    private protected static Isa Choose(Isa? isa) => isa is { } chosen
        ? InstructionSets.Require(chosen)
        : InstructionSets.Select(Environment.GetEnvironmentVariable(InstructionSets.Variable));
}
