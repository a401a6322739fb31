using System.Diagnostics;

namespace QwenSharp.Numerics.Tests;

/// <summary>Quantisation against ggml's own.</summary>
public class PeerTests
{
    private const int Columns = 1024, Rows = 24;

    public static TheoryData<TensorType> Quantised => [.. Enum.GetValues<TensorType>().Where(type => type.BlockLength() > 1)];

    public static TheoryData<TensorType> Written =>
        [.. Enum.GetValues<TensorType>().Where(type => type.BlockLength() > 1 && type.CanQuantize())];

    [Theory]
    [MemberData(nameof(Quantised))]
    public void Any_block_is_read_with_the_same_bits(TensorType type)
    {
        Ggml.Require();
        const int Count = 256 * 400;
        byte[] data = new byte[type.Bytes(Count)];
        new Random(1).NextBytes(data);
        float[] expected = Ggml.Dequantize(type, data, Count), actual = new float[Count];
        Quantization.Dequantize(type, data, actual);
        for (int i = 0; i < Count; i++)
        {
            bool same =
                BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(actual[i])
                || float.IsNaN(expected[i]) && float.IsNaN(actual[i]);
            Assert.True(same, $"Element {i} is {actual[i]:R} instead of {expected[i]:R}.");
        }
    }

    [Theory]
    [MemberData(nameof(Written))]
    public void Rounding_costs_no_more_than_in_ggml(TensorType type)
    {
        Ggml.Require();
        foreach ((string name, float[] values) in Distributions())
        {
            foreach (float[]? importance in new[] { null, Importance() })
            {
                long start = Stopwatch.GetTimestamp();
                byte[] theirs = Ggml.Quantize(type, values, Columns, importance);
                TimeSpan theirTime = Stopwatch.GetElapsedTime(start);
                byte[] ours = new byte[theirs.Length];
                start = Stopwatch.GetTimestamp();
                Quantization.Quantize(type, values, ours, importance);
                TimeSpan ourTime = Stopwatch.GetElapsedTime(start);
                double their = Error(type, theirs, values, importance), our = Error(type, ours, values, importance);
                TestContext.Current.TestOutputHelper?.WriteLine(
                    $"{type} {name}{(importance is null ? "" : " weighted")}: error {our / their:F4} of ggml's ({our:F5}), time "
                        + $"{ourTime / theirTime:F2}"
                );
                Assert.True(our <= their * 1.000001, $"{type}, {name}: {our} instead of {their}");
            }
        }
    }

    // The root of the weighted mean square error, relative to that of the values.
    private static double Error(TensorType type, byte[] data, float[] values, float[]? importance)
    {
        float[] back = new float[values.Length];
        Quantization.Dequantize(type, data, back);
        double error = 0, squares = 0;
        for (int i = 0; i < values.Length; i++)
        {
            double weight = importance?[i % Columns] ?? 1, miss = (double)values[i] - back[i];
            error += weight * miss * miss;
            squares += weight * values[i] * values[i];
        }

        return Math.Sqrt(error / squares);
    }

    private static IEnumerable<(string Name, float[] Values)> Distributions()
    {
        float[] gaussian = Samples.Gaussian(Rows * Columns, seed: 2, scale: 0.02f);
        yield return ("gaussian", gaussian);

        // Student's t with three degrees of freedom.
        float[] a = Samples.Gaussian(Rows * Columns, 3), b = Samples.Gaussian(Rows * Columns, 4), c = Samples.Gaussian(Rows * Columns, 5);
        yield return ("heavy tail", [.. gaussian.Select((x, i) => x / MathF.Sqrt((a[i] * a[i] + b[i] * b[i] + c[i] * c[i]) / 3 + 1e-3f))]);

        // As in trained weights: a few columns are ten times as large, and rows differ in level.
        yield return (
            "outlier columns",
            [.. gaussian.Select((x, i) => x * (i % Columns % 97 == 5 ? 10 : 1) * (0.5f + i / Columns % 7 * 0.3f))]);
        yield return ("uniform", [.. gaussian.Select((_, i) => (i * 7919 % 10007 / 10007f - 0.5f) * 0.1f)]);
        yield return ("one sign", [.. gaussian.Select(x => MathF.Abs(x) + 0.01f)]);
    }

    // Mean squares of activations vary over orders of magnitude.
    private static float[] Importance() => [.. Samples.Gaussian(Columns, 6).Select((x, i) => MathF.Exp(2 * x) * (i % 61 == 3 ? 100 : 1))];
}
