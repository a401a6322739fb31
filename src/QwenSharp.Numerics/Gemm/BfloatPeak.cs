namespace QwenSharp.Numerics;

/// <summary>
/// The innermost loop of products of BF16 on one panel of each operand, again and again: they stay in the first-level cache, so nothing but
/// the multiplications takes time.
/// </summary>
internal sealed unsafe class BfloatPeak : IDisposable
{
    // Panels of 22 KB, and tasks of a millisecond or two.
    private const int Units = 128, Tiles = 2_000, TasksPerThread = 4;

    private readonly GemmKernel _kernel;
    private readonly NativeBuffer _panels;

    /// <exception cref="ArgumentException">This processor has no products of BF16.</exception>
    public BfloatPeak()
    {
        _kernel = GemmKernel.ForBfloat(InstructionSets.Best);
        _panels = new NativeBuffer((long)(_kernel.Rows + _kernel.Columns) * Units * sizeof(uint));
        new Span<uint>(_panels.Pointer, (_kernel.Rows + _kernel.Columns) * Units).Fill(0x3F803F80);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _panels.Dispose();
        _kernel.Dispose();
    }

    /// <summary>One pass of all threads.</summary>
    /// <returns>Its operations.</returns>
    public double Pass(WorkerPool pool)
    {
        int tasks = pool.Threads * TasksPerThread;
        TileJob job = new(_kernel, (float*)_panels.Pointer);
        pool.Run(ref job, tasks);
        return 4.0 * tasks * Tiles * Units * _kernel.Rows * _kernel.Columns;
    }

    private readonly struct TileJob(GemmKernel kernel, float* panels) : IParallelJob
    {
        public void Execute(int task, int worker)
        {
            float* tile = stackalloc float[kernel.Rows * kernel.Columns];
            for (int i = 0; i < Tiles; i++)
                kernel.Multiply(panels, panels + kernel.Rows * Units, Units, tile, kernel.Columns, add: false);
        }
    }
}
