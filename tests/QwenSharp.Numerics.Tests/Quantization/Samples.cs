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

    public static HostActivations Activations(int rows, int columns, int seed, float scale = 1)
    {
        HostActivations x = new(rows, columns);
        float[] values = Gaussian(rows * columns, seed, scale);
        for (int r = 0; r < rows; r++)
            values.AsSpan(r * columns, columns).CopyTo(x.Row(r));

        return x;
    }

    /// <summary>Random codes and group scales of a type with a codebook, under scales of about <paramref name="scale"/>.</summary>
    public static byte[] Blocks(TensorType type, int count, int seed, float scale)
    {
        Random random = new(seed);
        byte[] data = new byte[type.Bytes(count)];
        random.NextBytes(data);
        int bytes = type.BlockBytes();
        for (int start = 0; start < data.Length; start += bytes)
        {
            Span<byte> block = data.AsSpan(start, bytes);
            float d = scale / 8 * (0.5f + random.NextSingle());
            ushort half = BitConverter.HalfToUInt16Bits((Half)d);
            switch (type)
            {
                case TensorType.MXFP4:
                    block[0] = (byte)(127 + Math.ILogB(d));
                    break;
                case TensorType.NVFP4:
                    break;
                case TensorType.TQ1_0 or TensorType.TQ2_0:
                    BitConverter.TryWriteBytes(block[^2..], half);
                    break;
                case TensorType.IQ1_M:
                    // The scale's nibbles lie on top of the four words of group scales.
                    for (int i = 0; i < 4; i++)
                        block[49 + 2 * i] = (byte)(block[49 + 2 * i] & 15 | (half >> 4 * i & 15) << 4);

                    break;
                default:
                    BitConverter.TryWriteBytes(block, half);
                    break;
            }
        }

        return data;
    }
}
