namespace QwenSharp.Numerics;

/// <summary>One matrix product of <see cref="Compute.Project"/>: y = s·Wx (+ bias) (+ y).</summary>
/// <param name="Weight">W, of shape [in, out].</param>
/// <param name="Output">y, whose width is <c>out</c>.</param>
/// <param name="Bias">F32 of shape [out], or none.</param>
/// <param name="Accumulate">Whether the product is added to what <paramref name="Output"/> holds.</param>
/// <param name="Scale">s, one factor for the whole matrix.</param>
public readonly record struct Projection(
    Tensor Weight, Activations Output, Tensor? Bias = null, bool Accumulate = false, float Scale = 1)
{
    /// <summary>
    /// The rows of x and y that this product is of; null for all. Experts share a batch so: each multiplies its own rows.
    /// </summary>
    public RowRange? Rows { get; init; }
}

/// <summary>Consecutive rows of a batch.</summary>
/// <param name="First">The first.</param>
/// <param name="Count">How many.</param>
public readonly record struct RowRange(int First, int Count);

/// <summary>Sees the activations that a weight matrix is multiplied with.</summary>
/// <param name="weight">The matrix, of shape [in, out].</param>
/// <param name="x">[rows, in]; valid during the call.</param>
/// <param name="rows">The rows of <paramref name="x"/> that meet this matrix.</param>
public delegate void ProjectionObserver(Tensor weight, Activations x, RowRange rows);

public sealed partial class Compute
{
    private readonly IMatMul _matMul;

    /// <summary>
    /// Called for each product of <see cref="Project"/>, before it is computed; for measurements such as an importance matrix.
    /// </summary>
    public ProjectionObserver? Observer { get; init; }

    /// <summary>
    /// Multiplies rows of activations with several weight matrices that share them:
    /// for each output, y[r, o] = s · Σᵢ W[o, i] x[r, i] (+ bias[o]) (+ y[r, o]).
    /// For quantised weights the activations are rounded to 8 bits by blocks of 256 for K-quants and of 32 for all other types.
    /// A result's bits do not depend on the number of rows, the threads or the instruction set.
    /// </summary>
    /// <param name="x">[rows, in].</param>
    /// <param name="rows">How many rows (tokens) of <paramref name="x"/> to use.</param>
    /// <param name="outputs">The products.</param>
    /// <exception cref="ArgumentException">Shapes do not fit, a weight's type has no matrix product, or an output is the input.</exception>
    public void Project(Activations x, int rows, params ReadOnlySpan<Projection> outputs)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        foreach (ref readonly Projection output in outputs)
            Check(x, rows, output);

        if (rows == 0)
            return;

        if (Observer is { } observer)
        {
            foreach (ref readonly Projection output in outputs)
                observer(output.Weight, x, output.Rows ?? new RowRange(0, rows));
        }

        _matMul.Project(x, rows, outputs);
    }

    /// <summary>Looks up rows of an embedding table of any type: y[first + r] = table[ids[r]].</summary>
    /// <param name="table">[width, vocabulary].</param>
    /// <param name="ids">Rows of the table.</param>
    /// <param name="y">[rows, width].</param>
    /// <param name="first">Where the first goes.</param>
    /// <exception cref="ArgumentException">Shapes do not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id is not a row of the table.</exception>
    public unsafe void Embed(Tensor table, ReadOnlySpan<int> ids, Activations y, int first = 0)
    {
        if (table.Columns != y.Width || first < 0 || ids.Length > y.Capacity - first)
        {
            throw new ArgumentException(
                $"{ids.Length} rows of {table} do not fit into {y.Capacity} rows of width {y.Width} from row {first} on.", nameof(y));
        }

        for (int r = 0; r < ids.Length; r++)
        {
            if ((uint)ids[r] >= (uint)table.Rows)
                throw new ArgumentOutOfRangeException(nameof(ids), $"Token {ids[r]} is not one of the {table.Rows} of {table.Name}.");

            Quantization.Dequantize(table.Type, table.Pointer + ids[r] * table.RowBytes, y.Row(first + r));
        }

        table.KeepAlive();
    }

    private static void Check(Activations x, int rows, in Projection output)
    {
        Tensor weight = output.Weight;
        if (output.Rows is { } range && (range.First < 0 || range.Count < 0 || range.First > rows - range.Count))
        {
            throw new ArgumentException(
                $"Rows {range.First} to {(long)range.First + range.Count - 1} of {weight} are not among the first {rows}.");
        }

        if (weight.Columns != x.Width || weight.Rows != output.Output.Width || rows > x.Capacity || rows > output.Output.Capacity)
        {
            throw new ArgumentException(
                $"{weight} does not fit {rows} rows of width {x.Width} into width {output.Output.Width} ({x.Capacity} and "
                    + $"{output.Output.Capacity} rows of room)."
            );
        }

        if (!weight.Type.HasMatrixProduct())
            throw new ArgumentException($"{weight} is of a type without a matrix product.");
        if (output.Bias is { } bias && (bias.Type != TensorType.F32 || bias.ElementCount != weight.Rows))
            throw new ArgumentException($"The bias {bias} does not fit {weight}: it must be F32 of {weight.Rows} elements.");
        if (ReferenceEquals(x, output.Output))
            throw new ArgumentException($"The output of {weight} is its input.");
    }
}
