namespace QwenSharp.Numerics.Tests;

/// <summary>Repeatable random inputs.</summary>
internal static class Samples
{
    public static float[] Gaussian(int count, int seed, float scale = 1)
    {
        Random random = new(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = scale * MathF.Sqrt(-2 * MathF.Log(1 - random.NextSingle())) * MathF.Cos(2 * MathF.PI * random.NextSingle());

        return values;
    }

    public static float[] RoundTrip(TensorType type, float[] values)
    {
        byte[] data = new byte[type.Bytes(values.Length)];
        Quantization.Quantize(type, values, data);
        float[] back = new float[values.Length];
        Quantization.Dequantize(type, data, back);
        return back;
    }

    public static Tensor Weights(TensorType type, int columns, int rows, int seed, float scale = 0.05f)
    {
        byte[] data = new byte[type.Bytes((long)columns * rows)];
        if (type.CanQuantize())
            Quantization.Quantize(type, Gaussian(columns * rows, seed, scale), data);
        else
            data = Blocks(type, columns * rows, seed, scale / 40);

        return Tensor.Copy($"{type}", type, [columns, rows], data);
    }

    public static Activations Activations(int rows, int columns, int seed, float scale = 1)
    {
        Activations x = new(rows, columns);
        float[] values = Gaussian(rows * columns, seed, scale);
        for (int r = 0; r < rows; r++)
            values.AsSpan(r * columns, columns).CopyTo(x.Row(r));

        return x;
    }

    /// <summary>Random codes and group scales of a type that cannot be written, under scales of about <paramref name="scale"/>.</summary>
    public static byte[] Blocks(TensorType type, int count, int seed, float scale)
    {
        Random random = new(seed);
        byte[] data = new byte[type.Bytes(count)];
        random.NextBytes(data);
        for (int start = 0; start < data.Length; start += type.BlockBytes())
        {
            ushort half = BitConverter.HalfToUInt16Bits((Half)(scale / 8 * (0.5f + random.NextSingle())));
            if (type != TensorType.IQ1_M)
            {
                BitConverter.TryWriteBytes(data.AsSpan(start), half);
                continue;
            }

            // The scale's nibbles lie on top of the four words of group scales.
            for (int i = 0; i < 4; i++)
                data[start + 49 + 2 * i] = (byte)(data[start + 49 + 2 * i] & 15 | (half >> 4 * i & 15) << 4);
        }

        return data;
    }
}
