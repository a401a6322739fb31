using System.Runtime.InteropServices;

namespace QwenSharp.Numerics.Tests;

/// <summary>The three products of training in double precision, with what rounding can do to them.</summary>
internal static class Products
{
    /// <summary>
    /// Rows, in, out: nothing whole; whole tiles; more than a slab of depth; more than a slab of columns; the narrow ones of LoRA.
    /// </summary>
    public static readonly (int Rows, int In, int Out)[] Shapes =
    [
        (1, 1, 1), (2, 3, 5), (7, 17, 63), (12, 64, 32), (63, 7, 17), (17, 257, 1), (1, 63, 257), (5, 300, 4), (100, 33, 8), (97, 8, 65),
        (6, 600, 16), (257, 31, 19), (3, 2, 4133),
    ];

    /// <summary>Σₖ a[m, k] b[k, n] + c[m, n], each with the bound of its error: (k + 2) · 2⁻²⁴ · Σ |a| |b| (Higham, 2002, §3.1).</summary>
    public static (double Value, double Error)[,] Of(
        int rows,
        int depth,
        int columns,
        Func<int, int, double> a,
        Func<int, int, double> b,
        Func<int, int, double>? c = null)
    {
        var result = new (double, double)[rows, columns];
        for (int m = 0; m < rows; m++)
        {
            for (int n = 0; n < columns; n++)
            {
                double sum = c?.Invoke(m, n) ?? 0, size = Math.Abs(sum);
                for (int k = 0; k < depth; k++)
                {
                    double product = a(m, k) * b(k, n);
                    sum += product;
                    size += Math.Abs(product);
                }

                result[m, n] = (sum, (depth + 2) * Math.Pow(2, -24) * size);
            }
        }

        return result;
    }

    public static void Close((double Value, double Error)[,] expected, HostActivations actual, string what)
    {
        for (int m = 0; m < expected.GetLength(0); m++)
        {
            for (int n = 0; n < expected.GetLength(1); n++)
            {
                (double value, double error) = expected[m, n];
                Assert.True(
                    Math.Abs(actual.Row(m)[n] - value) <= error,
                    $"{what}, [{m}, {n}]: {actual.Row(m)[n]:R} instead of {value:R} ± {error:E1}");
            }
        }
    }

    public static void SameBits(HostActivations expected, HostActivations actual, int rows, string what)
    {
        for (int row = 0; row < rows; row++)
        {
            Assert.True(
                MemoryMarshal.AsBytes(expected.Row(row)).SequenceEqual(MemoryMarshal.AsBytes(actual.Row(row))),
                $"{what}: row {row} differs in some bit.");
        }
    }

    /// <summary>All three products of the same numbers.</summary>
    public static void All(
        Isa isa,
        int threads,
        int rows,
        HostActivations y,
        HostActivations dx,
        HostActivations dw,
        TrainingPrecision precision = TrainingPrecision.F32)
    {
        using TrainingCompute compute = new(threads, isa, precision);
        using HostActivations x = Kernels.Matrix(rows, dx.Width, 1), dy = Kernels.Matrix(rows, y.Width, 500);
        Tensor weight = Samples.Weights(TensorType.F32, dx.Width, y.Width, seed: 7);
        compute.Multiply(x, rows, weight, y);
        compute.MultiplyTransposed(dy, rows, weight, dx);
        compute.MultiplyOuter(dy, x, rows, dw, accumulate: false);
    }

    public static void SameBitsWithAnyThreads(Isa isa, TrainingPrecision precision)
    {
        const int Rows = 301,
            In = 530,
            Out = 777;
        using HostActivations y = new(Rows, Out),
            dx = new(Rows, In),
            dw = new(Out, In),
            otherY = new(Rows, Out),
            otherDx = new(Rows, In),
            otherDw = new(Out, In);
        All(isa, 1, Rows, y, dx, dw, precision);
        for (int threads = 2; threads <= 4; threads++)
        {
            All(isa, threads, Rows, otherY, otherDx, otherDw, precision);
            SameBits(y, otherY, Rows, $"y, {threads} threads");
            SameBits(dx, otherDx, Rows, $"dx, {threads} threads");
            SameBits(dw, otherDw, Out, $"dw, {threads} threads");
        }
    }

    /// <summary>An F32 tensor of what a tensor of any type stands for.</summary>
    public static Tensor Decoded(Tensor weight)
    {
        float[] values = new float[weight.ElementCount];
        Quantization.Dequantize(weight.Type, weight.Data, values);
        return Tensor.Copy("decoded", TensorType.F32, weight.Shape, MemoryMarshal.AsBytes<float>(values));
    }
}
