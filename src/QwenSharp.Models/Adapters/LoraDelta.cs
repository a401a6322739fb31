using System.Numerics;
using System.Runtime.InteropServices;
using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// The matrix s·BA that a pair of an adapter adds to its target, row by row: for merging. Safe to use from several threads.
/// </summary>
public sealed class LoraDelta
{
    private readonly float[] _coefficients, _basis;
    private readonly int _rank;

    /// <summary>Decodes a pair.</summary>
    /// <exception cref="ArgumentException">The adapter has no such pair.</exception>
    public LoraDelta(LoraAdapter adapter, LoraPair pair)
    {
        if (adapter.Find(pair.Target) != pair)
            throw new ArgumentException($"The adapter '{adapter.Name}' has no such pair for '{pair.Target}'.", nameof(pair));

        (_rank, Rows, Columns) = (pair.Rank, pair.Rows, pair.Columns);
        _coefficients = Floats(pair.IsEmbedding ? pair.A : pair.B);
        _basis = pair.IsEmbedding ? Transpose(Floats(pair.B), _rank) : Floats(pair.A);
        float scale = adapter.ScaleOf(pair);
        foreach (ref float coefficient in _coefficients.AsSpan())
            coefficient *= scale;
    }

    /// <summary>Rows of the target: its outputs.</summary>
    public int Rows { get; }

    /// <summary>Elements of a row: the target's inputs.</summary>
    public int Columns { get; }

    /// <summary>Adds a row of the matrix to <paramref name="values"/>.</summary>
    /// <exception cref="ArgumentException">There is no such row, or it has another length.</exception>
    public void AddTo(int row, Span<float> values)
    {
        if ((uint)row >= (uint)Rows || values.Length != Columns)
        {
            throw new ArgumentException(
                $"There is no row {row} of {values.Length} elements in a matrix of {Rows} rows of {Columns}.",
                nameof(row));
        }

        for (int inner = 0; inner < _rank; inner++)
            AddScaled(_coefficients[(row * _rank) + inner], _basis.AsSpan(inner * Columns, Columns), values);
    }

    private static void AddScaled(float factor, ReadOnlySpan<float> from, Span<float> to)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(from);
        Span<Vector<float>> sums = MemoryMarshal.Cast<float, Vector<float>>(to);
        for (int i = 0; i < vectors.Length; i++)
            sums[i] += factor * vectors[i];
        for (int i = vectors.Length * Vector<float>.Count; i < from.Length; i++)
            to[i] += factor * from[i];
    }

    private static float[] Transpose(float[] matrix, int columns)
    {
        float[] transposed = new float[matrix.Length];
        int rows = matrix.Length / columns;
        for (int i = 0; i < matrix.Length; i++)
            transposed[(i % columns * rows) + (i / columns)] = matrix[i];

        return transposed;
    }

    private static float[] Floats(Tensor tensor)
    {
        float[] values = new float[tensor.ElementCount];
        Quantization.Dequantize(tensor.Type, tensor.Data, values);
        GC.KeepAlive(tensor);
        return values;
    }
}
