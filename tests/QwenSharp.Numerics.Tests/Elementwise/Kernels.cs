namespace QwenSharp.Numerics.Tests;

/// <summary>What the tests of kernels run over, and how they compare.</summary>
internal static class Kernels
{
    /// <summary>All instruction sets of this processor.</summary>
    public static TheoryData<Isa> Isas => [.. InstructionSets.Available];

    public static float[] Random(int length, int seed, float scale = 1)
    {
        Random random = new(seed);
        float[] values = new float[length];
        for (int i = 0; i < length; i++)
            values[i] = scale * ((2 * random.NextSingle()) - 1);

        return values;
    }

    public static HostActivations Matrix(int rows, int width, int seed, float scale = 1)
    {
        HostActivations matrix = new(rows, width);
        for (int row = 0; row < rows; row++)
            Random(width, seed + row, scale).CopyTo(matrix.Row(row));

        return matrix;
    }

    public static Tensor Weights(params float[] values) =>
        Tensor.Copy("weight", TensorType.F32, [values.Length], System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values));

    /// <summary>
    /// Each element within <paramref name="relative"/> of its own size, or of <paramref name="floor"/> where that is greater.
    /// </summary>
    public static void Close(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, double relative, double floor = 1e-3)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Abs(expected[i] - actual[i]) / Math.Max(Math.Abs(expected[i]), floor);
            Assert.True(error <= relative, $"Element {i}: expected {expected[i]}, got {actual[i]}, relative error {error}.");
        }
    }

    public static void SameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual) =>
        Assert.True(
            System
                .Runtime.InteropServices.MemoryMarshal.AsBytes(expected)
                .SequenceEqual(System.Runtime.InteropServices.MemoryMarshal.AsBytes(actual)),
            "The results differ in some bit.");
}
