namespace QwenSharp.Numerics;

/// <summary>How a slab of the result is cut into tasks: into blocks of rows, and these into blocks of columns.</summary>
internal readonly record struct GemmCut(int Rows, int BlockRows, int Columns, int BlockColumns)
{
    public int Tasks => (Rows + BlockRows - 1) / BlockRows * ColumnBlocks;

    public int ColumnBlocks => (Columns + BlockColumns - 1) / BlockColumns;
}

/// <summary>The memory that each thread packs with.</summary>
internal readonly unsafe struct GemmScratch(float* start)
{
    // The largest tile.
    private const int TileFloats = 12 * 32;

    private const int PanelFloats = Gemm.RowBlock * Gemm.DepthSlab;

    public const int Floats = PanelFloats + GemmOperand.ScratchFloats + TileFloats;

    public float* Panels(int worker) => start + (nint)worker * Floats;

    public float* Decoded(int worker) => Panels(worker) + PanelFloats;

    public float* Tile(int worker) => Decoded(worker) + GemmOperand.ScratchFloats;
}

/// <summary>Packs a slab of B; a task is some of its lines.</summary>
internal readonly unsafe struct PackJob(
    GemmKernel kernel, GemmOperand b, int firstLine, int lines, int firstDepth, int depth, float* slab, GemmScratch scratch) : IParallelJob
{
    /// <summary>The lines of a task: whole blocks and whole panels.</summary>
    public const int Lines = GemmOperand.Segment;

    public void Execute(int task, int worker)
    {
        int line = task * Lines;
        b.Pack(
            firstLine + line,
            Math.Min(Lines, lines - line),
            firstDepth,
            depth,
            kernel,
            kernel.Columns,
            slab + (nint)line * kernel.Units(depth),
            scratch.Decoded(worker));
    }
}

/// <summary>Multiplies rows of A, which a task packs for itself, with columns of the packed slab of B.</summary>
internal readonly unsafe struct MultiplyJob(
    GemmKernel kernel,
    GemmOperand a,
    int firstDepth,
    int depth,
    float* slab,
    GemmCut cut,
    float* c,
    nint stride,
    bool add,
    GemmScratch scratch
) : IParallelJob
{
    public void Execute(int task, int worker)
    {
        int firstRow = task / cut.ColumnBlocks * cut.BlockRows, rows = Math.Min(cut.BlockRows, cut.Rows - firstRow);
        int firstColumn = task % cut.ColumnBlocks * cut.BlockColumns, end = Math.Min(firstColumn + cut.BlockColumns, cut.Columns);
        float* panels = scratch.Panels(worker), tile = scratch.Tile(worker);
        int units = kernel.Units(depth);
        a.Pack(firstRow, rows, firstDepth, depth, kernel, kernel.Rows, panels, scratch.Decoded(worker));
        for (int column = firstColumn; column < end; column += kernel.Columns)
        {
            float* b = slab + (nint)column * units, target = c + firstRow * stride + column;
            int columns = Math.Min(kernel.Columns, end - column);
            for (int row = 0; row < rows; row += kernel.Rows, target += kernel.Rows * stride)
            {
                float* panel = panels + (nint)row * units;
                int present = Math.Min(kernel.Rows, rows - row);
                if (present == kernel.Rows && columns == kernel.Columns)
                    kernel.Multiply(panel, b, units, target, stride, add);
                else
                    kernel.MultiplyPart(panel, b, units, target, stride, add, present, columns, tile);
            }
        }
    }
}
