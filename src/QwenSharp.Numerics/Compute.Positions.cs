namespace QwenSharp.Numerics;

public sealed partial class Compute
{
    // A sine and a cosine in double precision take about as long as this many floats of a row.
    private const int AngleFloats = 32;

    /// <summary>
    /// Writes the cosines and then the sines of each position's angles into a row, for <see cref="NormalizeAndRotate"/>: a position of text
    /// turns all pairs alike.
    /// </summary>
    /// <param name="embedding">The angles.</param>
    /// <param name="positions">A position for each row.</param>
    /// <param name="rotations">[rows, 2 × pairs].</param>
    /// <exception cref="ArgumentException">The width is not 2 × pairs, or there are too few rows.</exception>
    public unsafe void FillRotations(RotaryEmbedding embedding, ReadOnlySpan<int> positions, Activations rotations)
    {
        CheckRotations(embedding, positions.Length, rotations);
        fixed (int* pointer = positions)
        {
            ForEachRow(
                new RotationRows(embedding, pointer, rotations.Pointer), positions.Length, AngleFloats * embedding.Pairs);
        }

        GC.KeepAlive(rotations);
    }

    /// <summary>Writes the cosines and sines of positions of three parts, of which each pair turns by its own.</summary>
    /// <param name="embedding">The angles; it has axes.</param>
    /// <param name="positions">A position for each row.</param>
    /// <param name="rotations">[rows, 2 × pairs].</param>
    /// <exception cref="ArgumentException">The width is not 2 × pairs, there are too few rows, or the embedding has no axes.</exception>
    public unsafe void FillRotations(RotaryEmbedding embedding, ReadOnlySpan<GridPosition> positions, Activations rotations)
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
