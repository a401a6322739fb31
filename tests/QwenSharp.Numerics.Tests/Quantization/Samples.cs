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
        Quantization.Quantize(type, Gaussian(columns * rows, seed, scale), data);
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
}
