namespace QwenSharp.Numerics;

/// <summary>One matrix product of <see cref="Compute.Project"/>: y = Wx (+ bias) (+ y).</summary>
/// <param name="Weight">W, of shape [in, out].</param>
/// <param name="Output">y, whose width is <c>out</c>.</param>
/// <param name="Bias">F32 of shape [out], or none.</param>
/// <param name="Accumulate">Whether the product is added to what <paramref name="Output"/> holds.</param>
public readonly record struct Projection(Tensor Weight, Activations Output, Tensor? Bias = null, bool Accumulate = false);

public sealed partial class Compute
{
    /// <summary>
    /// Multiplies rows of activations with several weight matrices that share them:
    /// for each output, y[r, o] = Σᵢ W[o, i] x[r, i] (+ bias[o]) (+ y[r, o]).
    /// </summary>
    /// <param name="x">[rows, in].</param>
    /// <param name="rows">How many rows (tokens) of <paramref name="x"/> to use.</param>
    /// <param name="outputs">The products.</param>
    /// <exception cref="ArgumentException">Shapes do not fit.</exception>
    public unsafe void Project(Activations x, int rows, params ReadOnlySpan<Projection> outputs)
    {
        foreach (Projection output in outputs)
        {
            Tensor weight = output.Weight;
            if (weight.Columns != x.Width || weight.Rows != output.Output.Width || rows > x.Capacity || rows > output.Output.Capacity)
                throw new ArgumentException($"{weight} does not fit {rows} rows of width {x.Width} into width {output.Output.Width}.", nameof(outputs));

            float[] line = new float[weight.Columns];
            for (int o = 0; o < weight.Rows; o++)
            {
                Dequantize(weight, o, line);
                for (int r = 0; r < rows; r++)
                {
                    float sum = 0;
                    ReadOnlySpan<float> input = x.Row(r);
                    for (int i = 0; i < line.Length; i++)
                        sum = MathF.FusedMultiplyAdd(line[i], input[i], sum);

                    if (output.Bias is { } bias)
                        sum += ((float*)bias.Pointer)[o];

                    ref float y = ref output.Output.Row(r)[o];
                    y = output.Accumulate ? y + sum : sum;
                }
            }
        }
    }

    /// <summary>Looks up rows of an embedding table of any type: y[r] = table[ids[r]].</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is not a row of the table.</exception>
    public void Embed(Tensor table, ReadOnlySpan<int> ids, Activations y)
    {
        for (int r = 0; r < ids.Length; r++)
        {
            if ((uint)ids[r] >= (uint)table.Rows)
                throw new ArgumentOutOfRangeException(nameof(ids), $"Token {ids[r]} is not one of the {table.Rows} of {table.Name}.");

            Dequantize(table, ids[r], y.Row(r));
        }
    }

    private static unsafe void Dequantize(Tensor tensor, int row, Span<float> y)
    {
        byte* source = tensor.Pointer + row * tensor.RowBytes;
        for (int i = 0; i < y.Length; i++)
        {
            y[i] = tensor.Type switch
            {
                TensorType.F32 => ((float*)source)[i],
                TensorType.F16 => (float)((Half*)source)[i],
                TensorType.BF16 => BitConverter.UInt32BitsToSingle((uint)((ushort*)source)[i] << 16),
                _ => throw new NotSupportedException($"Tensor {tensor} has no matrix product."),
            };
        }
    }
}
