namespace QwenSharp.Numerics;

public partial class CpuCompute
{
    // A sine and a cosine in double precision take about as long as this many floats of a row.
    private const int AngleFloats = 32;

    /// <inheritdoc/>
    public override unsafe void FillRotations(RotaryEmbedding embedding, ReadOnlySpan<int> positions, Activations rotations)
    {
        CheckRotations(embedding, positions.Length, rotations);
        fixed (int* pointer = positions)
        {
            ForEachRow(
                new RotationRows(embedding, pointer, rotations.Pointer), positions.Length, AngleFloats * embedding.Pairs);
        }

        GC.KeepAlive(rotations);
    }

    /// <inheritdoc/>
    public override unsafe void FillRotations(RotaryEmbedding embedding, ReadOnlySpan<GridPosition> positions, Activations rotations)
    {
        CheckRotations(embedding, positions.Length, rotations);
        if (embedding.Axes.IsEmpty)
            throw new ArgumentException("The positions have three parts; this rotary embedding has no axes.", nameof(positions));

        fixed (GridPosition* pointer = positions)
        {
            ForEachRow(
                new GridRotationRows(embedding, pointer, rotations.Pointer), positions.Length, AngleFloats * embedding.Pairs);
        }

        GC.KeepAlive(rotations);
    }

    private static void CheckRotations(RotaryEmbedding embedding, int rows, Activations rotations)
    {
        if (rotations.Width != 2 * embedding.Pairs || rotations.Capacity < rows)
        {
            throw new ArgumentException(
                $"{rows} rows of 2 × {embedding.Pairs} floats do not fit [{rotations.Capacity}, {rotations.Width}].",
                nameof(rotations));
        }
    }
}
