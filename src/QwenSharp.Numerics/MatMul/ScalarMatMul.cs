namespace QwenSharp.Numerics;

/// <summary>
/// The definition of the matrix product, as plain loops. Every other variant gives the same bits.
/// <para>Quantised weights: activations are rounded to 8 bits by blocks of 256 for K-quants and of 32 for all other types.
/// Inside a block of weights all sums are exact integers; blocks are added in order as
/// y = fma(d·dx, Σ s·q·x, y), and then, for types with minima, y = fma(−dmin·dx, Σ m·x, y).
/// Types with a codebook have one scale s for each 16 or 32 elements, which need not be an integer times another; these units
/// are added in order as y = fma(s·dx, Σ c·x, y).</para>
/// <para>Float weights: chunks of 256 elements, each a chain of fused multiply-adds from zero; chunks are added in order.</para>
/// </summary>
internal sealed unsafe class ScalarMatMul : IMatMul
{
    /// <summary>Elements in a chunk of a float row.</summary>
    public const int Chunk = 256;

    /// <summary>One output: the product of a row of weights with one token's activations.</summary>
    /// <param name="type">A quantised type.</param>
    /// <param name="weights">The row.</param>
    /// <param name="codes">The activations' codes, [in].</param>
    /// <param name="scales">The activations' scales, one a block.</param>
    public static float Dot(TensorType type, byte* weights, ReadOnlySpan<sbyte> codes, ReadOnlySpan<float> scales)
    {
        if (type.HasCodebook())
            return CodebookDot(type, weights, codes, scales);

        int length = type.BlockLength(), group = BlockDecoder.GroupLength(type);
        float y = 0;
        for (int b = 0; b < scales.Length; b++)
        {
            BlockDecoder.Decode(type, weights + b * type.BlockBytes(), out DecodedBlock block);
            int products = 0, minima = 0;
            for (int i = 0; i < length; i++)
            {
                int x = codes[b * length + i];
                products += block.GroupScales[i / group] * block.Codes[i] * x;
                minima += block.GroupMinima[i / group] * x;
            }

            y = MathF.FusedMultiplyAdd(block.Scale * scales[b], products, y);
            if (BlockDecoder.HasMinimum(type))
                y = MathF.FusedMultiplyAdd(-block.Minimum * scales[b], minima, y);
        }

        return y;
    }

    private static float CodebookDot(TensorType type, byte* weights, ReadOnlySpan<sbyte> codes, ReadOnlySpan<float> scales)
    {
        int length = type.BlockLength(), unit = CodebookDecoder.UnitLength(type);
        sbyte* points = stackalloc sbyte[256];
        float* unitScales = stackalloc float[16];
        float y = 0;
        for (int start = 0; start < codes.Length; start += length, weights += type.BlockBytes())
        {
            CodebookDecoder.Decode(type, weights, points, unitScales);
            for (int u = 0; u < length / unit; u++)
            {
                int first = start + u * unit, products = 0;
                for (int i = 0; i < unit; i++)
                    products += points[u * unit + i] * codes[first + i];

                y = MathF.FusedMultiplyAdd(unitScales[u] * scales[first / 32], products, y);
            }
        }

        return y;
    }

    /// <summary>One output of a float type, from a row that is already F32.</summary>
    public static float Dot(ReadOnlySpan<float> weights, ReadOnlySpan<float> x)
    {
        float y = 0;
        for (int start = 0; start < weights.Length; start += Chunk)
        {
            float sum = 0;
            for (int i = start; i < Math.Min(start + Chunk, weights.Length); i++)
                sum = MathF.FusedMultiplyAdd(weights[i], x[i], sum);

            y += sum;
        }

        return y;
    }

    public void Project(Activations x, int rows, ReadOnlySpan<Projection> outputs)
    {
        foreach (ref readonly Projection output in outputs)
            Multiply(output, x.OnHost(), output.Rows ?? new RowRange(0, rows));
    }

    public void Dispose()
    {
    }

    private static void Multiply(in Projection projection, HostActivations x, RowRange tokens)
    {
        Tensor weight = projection.Weight;
        int block = ActivationQuantizer.BlockLength(weight.Type);
        bool quantised = block > 1;
        float[] line = new float[quantised ? 0 : weight.Columns];
        sbyte[] codes = new sbyte[quantised ? weight.Columns : 0];
        float[] scales = new float[quantised ? weight.Columns / block : 0];
        for (int token = tokens.First; token < tokens.First + tokens.Count; token++)
        {
            ReadOnlySpan<float> input = x.Row(token);
            for (int b = 0; b < scales.Length; b++)
                scales[b] = ActivationQuantizer.Quantize(input.Slice(b * block, block), codes.AsSpan(b * block, block));

            for (int row = 0; row < weight.Rows; row++)
            {
                byte* data = weight.Pointer + row * weight.RowBytes;
                float y;
                if (quantised)
                {
                    y = Dot(weight.Type, data, codes, scales);
                }
                else
                {
                    Quantization.Dequantize(weight.Type, data, line);
                    y = Dot(line, input);
                }

                MatMulOutput.Write(projection, token, row, y);
            }
        }
    }
}
