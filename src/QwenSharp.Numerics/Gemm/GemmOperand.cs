namespace QwenSharp.Numerics;

/// <summary>
/// One side of a matrix product as it lies in memory: rows of any type with a matrix product. A <em>line</em> is what belongs to one
/// row of the result (of A) or one column (of B); the product sums over the <em>depth</em>. Rows in memory are either lines or depths.
/// </summary>
/// <param name="type">How the elements are stored.</param>
/// <param name="data">The first element.</param>
/// <param name="columns">Elements of a row in memory: whole blocks.</param>
/// <param name="rowsAreLines">Whether a row in memory is a line; else it is the elements of all lines at one depth.</param>
internal readonly unsafe struct GemmOperand(TensorType type, byte* data, int columns, bool rowsAreLines)
{
    /// <summary>Elements that are decoded in one piece: whole blocks of every type.</summary>
    public const int Segment = 256;

    /// <summary>Floats of scratch that <see cref="Pack"/> needs.</summary>
    public const int ScratchFloats = 2 * PieceFloats;

    // As many rows as the widest panel has lines.
    private const int MaxRows = 32;

    // What is decoded in one piece, or packed of one panel.
    private const int PieceFloats = MaxRows * Segment;

    private readonly nint _rowBytes = (nint)type.Bytes(columns);

    /// <summary>An F32 matrix.</summary>
    public GemmOperand(Activations matrix, bool rowsAreLines)
        : this(TensorType.F32, (byte*)matrix.Pointer, matrix.Width, rowsAreLines)
    {
    }

    /// <summary>A matrix of weights.</summary>
    public GemmOperand(Tensor matrix, bool rowsAreLines)
        : this(matrix.Type, matrix.Pointer, matrix.Columns, rowsAreLines)
    {
    }

    /// <summary>
    /// Packs lines into panels, one after the other: [depth, width] floats each, or half as many depths of pairs of BF16.
    /// </summary>
    /// <param name="firstLine">The first line; a multiple of <see cref="Segment"/> unless the type is F32.</param>
    /// <param name="lines">How many.</param>
    /// <param name="firstDepth">The first depth; a multiple of <see cref="Segment"/>.</param>
    /// <param name="depth">How many, at most <see cref="Segment"/>.</param>
    /// <param name="kernel">Whose panels: whether they hold pairs of BF16, see <see cref="Bfloat16.Pair"/>.</param>
    /// <param name="width">Lines of a panel, the kernel's rows or columns: at most 32.</param>
    /// <param name="panels">Where to.</param>
    /// <param name="scratch"><see cref="ScratchFloats"/> of memory.</param>
    public void Pack(int firstLine, int lines, int firstDepth, int depth, GemmKernel kernel, int width, float* panels, float* scratch)
    {
        float* piece = scratch + PieceFloats;
        bool pairs = kernel.TakesPairs;
        nint units = kernel.Units(depth);
        if (rowsAreLines)
        {
            for (int line = 0; line < lines; line += width, panels += units * width)
            {
                int present = Math.Min(width, lines - line);
                float* from = Read(firstLine + line, present, firstDepth, depth, scratch, out nint stride);
                Panels.Transpose(from, stride, present, depth, pairs ? piece : panels, width);
                if (pairs)
                    Bfloat16.Pair(piece, depth, width, (uint*)panels);
            }

            return;
        }

        for (int segment = 0; segment < lines; segment += Segment)
        {
            int count = Math.Min(Segment, lines - segment);
            for (int k = 0; k < depth; k += MaxRows)
            {
                int rows = Math.Min(MaxRows, depth - k);
                float* from = Read(firstDepth + k, rows, firstLine + segment, count, scratch, out nint stride);
                for (int line = 0; line < count; line += width)
                {
                    float* panel = panels + (segment + line) * units + kernel.Units(k) * width;
                    Panels.Copy(from + line, stride, Math.Min(width, count - line), rows, pairs ? piece : panel, width);
                    if (pairs)
                        Bfloat16.Pair(piece, rows, width, (uint*)panel);
                }
            }
        }
    }

    /// <summary>A piece of the matrix as floats: where it lies, or decoded into the scratch memory.</summary>
    private float* Read(int firstRow, int rows, int first, int count, float* scratch, out nint stride)
    {
        byte* from = data + firstRow * _rowBytes + (nint)type.Bytes(first);
        if (type == TensorType.F32)
        {
            stride = columns;
            return (float*)from;
        }

        stride = Segment;
        for (int row = 0; row < rows; row++, from += _rowBytes)
            Quantization.Dequantize(type, from, new Span<float>(scratch + row * Segment, count));

        return scratch;
    }
}
