namespace QwenSharp.Numerics;

public partial class CpuCompute
{
    private readonly IMatMul _matMul;

    /// <inheritdoc/>
    protected override void ProjectCore(Activations x, int rows, ReadOnlySpan<Projection> outputs) => _matMul.Project(x, rows, outputs);

    /// <inheritdoc/>
    public override unsafe void Embed(Tensor table, ReadOnlySpan<int> ids, Activations y, int first = 0)
    {
        if (table.Columns != y.Width || first < 0 || ids.Length > y.Capacity - first)
        {
            throw new ArgumentException(
                $"{ids.Length} rows of {table} do not fit into {y.Capacity} rows of width {y.Width} from row {first} on.", nameof(y));
        }

        float* rows = y.Pointer + ((long)first * y.Width);
        for (int r = 0; r < ids.Length; r++)
        {
            if ((uint)ids[r] >= (uint)table.Rows)
                throw new ArgumentOutOfRangeException(nameof(ids), $"Token {ids[r]} is not one of the {table.Rows} of {table.Name}.");

            Span<float> row = new(rows + ((long)r * y.Width), y.Width);
            Quantization.Dequantize(table.Type, table.Pointer + ids[r] * table.RowBytes, row);
        }

        Keep(y, y, table);
    }
}
