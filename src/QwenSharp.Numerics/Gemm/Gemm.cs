namespace QwenSharp.Numerics;

/// <summary>
/// Matrix products of any size with results in F32: C (+)= AB. A slab of B is packed once, by all threads, and shared; then each task packs
/// a block
/// of A's rows for itself, which stays in its second-level cache, and multiplies it with the panels of the slab one after the other,
/// each of which stays in the first-level cache meanwhile (Goto and van de Geijn, 2008).
/// Sums run over the depth by slabs of <see cref="DepthSlab"/>, each from its first product on, and are added up in order:
/// so the bits depend neither on the threads nor on how tasks are cut.
/// </summary>
internal sealed unsafe class Gemm(WorkerPool pool, GemmKernel kernel) : IDisposable
{
    /// <summary>Depths that are packed at once. Part of what a result's bits are.</summary>
    public const int DepthSlab = GemmOperand.Segment;

    /// <summary>Columns of B that are packed at once: 4 MB, so that the slab stays in the last-level cache.</summary>
    private const int ColumnSlab = 4096;

    /// <summary>Rows of A that a task packs: 96 KB. A multiple of every kernel's rows.</summary>
    public const int RowBlock = 96;

    // So many tasks that the last ones end at nearly the same time; but no fewer columns than pay for packing A again.
    private const int TasksPerThread = 8, LeastColumns = 256;

    private NativeBuffer? _slab;
    private NativeBuffer? _scratch;

    public void Dispose()
    {
        _slab?.Dispose();
        _scratch?.Dispose();
        kernel.Dispose();
    }

    /// <summary>c[m, n] (+)= Σₖ a[m, k] b[k, n].</summary>
    /// <param name="a">F32, with a line for each row of <paramref name="c"/>.</param>
    /// <param name="b">Of any type, with a line for each column of <paramref name="c"/>.</param>
    /// <param name="rows">Rows of <paramref name="c"/>.</param>
    /// <param name="depth">Products of a sum.</param>
    /// <param name="columns">Columns of <paramref name="c"/>: floats from a row to the next.</param>
    /// <param name="c">[rows, columns].</param>
    /// <param name="accumulate">Whether the product is added to what <paramref name="c"/> holds.</param>
    public void Multiply(in GemmOperand a, in GemmOperand b, int rows, int depth, int columns, float* c, bool accumulate)
    {
        Reserve(depth, columns);
        float* slab = (float*)_slab!.Pointer;
        GemmScratch scratch = new((float*)_scratch!.Pointer);
        for (int firstColumn = 0; firstColumn < columns; firstColumn += ColumnSlab)
        {
            int slabColumns = Math.Min(ColumnSlab, columns - firstColumn);
            GemmCut cut = Cut(rows, slabColumns);
            for (int firstDepth = 0; firstDepth < depth; firstDepth += DepthSlab)
            {
                int slabDepth = Math.Min(DepthSlab, depth - firstDepth);
                PackJob pack = new(kernel, b, firstColumn, slabColumns, firstDepth, slabDepth, slab, scratch);
                pool.Run(ref pack, Blocks(slabColumns, PackJob.Lines));

                MultiplyJob multiply = new(
                    kernel,
                    a,
                    firstDepth,
                    slabDepth,
                    slab,
                    cut,
                    c + firstColumn,
                    columns,
                    accumulate || firstDepth > 0,
                    scratch);
                pool.Run(ref multiply, cut.Tasks);
            }
        }
    }

    // Whole panels of A and B for each task, and blocks of nearly the same size.
    private GemmCut Cut(int rows, int columns)
    {
        int rowBlocks = Blocks(rows, RowBlock), wanted = Blocks(TasksPerThread * pool.Threads, rowBlocks);
        int columnBlocks = pool.Threads == 1 ? 1 : Math.Clamp(wanted, 1, Blocks(columns, LeastColumns));
        return new GemmCut(
            rows,
            Blocks(Blocks(rows, rowBlocks), kernel.Rows) * kernel.Rows,
            columns,
            Blocks(Blocks(columns, columnBlocks), kernel.Columns) * kernel.Columns);
    }

    private void Reserve(int depth, int columns)
    {
        int width = Blocks(Math.Min(columns, ColumnSlab), kernel.Columns) * kernel.Columns;
        long bytes = (long)width * Math.Min(depth, DepthSlab) * sizeof(float);
        if (_slab is null || _slab.Length < bytes)
        {
            _slab?.Dispose();
            _slab = new NativeBuffer(bytes);
        }

        _scratch ??= new NativeBuffer((long)pool.Threads * GemmScratch.Floats * sizeof(float));
    }

    private static int Blocks(int count, int each) => (count + each - 1) / each;
}
