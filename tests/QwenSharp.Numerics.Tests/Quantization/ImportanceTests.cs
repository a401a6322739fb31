using FsCheck;
using FsCheck.Fluent;

namespace QwenSharp.Numerics.Tests;

public class ImportanceTests
{
    private const int Columns = 512;

    public static TheoryData<TensorType> Quantised =>
        [.. Enum.GetValues<TensorType>().Where(type => type.BlockLength() > 1 && type.CanQuantize())];

    [Theory]
    [MemberData(nameof(Quantised))]
    public void What_matters_more_is_rounded_more_finely(TensorType type)
    {
        float[] weights = Samples.Gaussian(16 * Columns, seed: 1, scale: 0.03f),
            importance = [.. Samples.Gaussian(Columns, 2).Select(x => MathF.Exp(2 * x))];
        byte[] plain = Quantise(type, weights, null),
            weighted = Quantise(type, weights, importance);

        // The scales of Q8_0 and MXFP4 follow from the largest value, or nearly so.
        double before = Error(type, plain, weights, importance), after = Error(type, weighted, weights, importance);
        Assert.InRange(after, 0, type is TensorType.Q8_0 or TensorType.MXFP4 ? before : 0.97 * before);
        Assert.True(Error(type, plain, weights, null) <= Error(type, weighted, weights, null));
    }

    [Theory]
    [MemberData(nameof(Quantised))]
    public void Equal_importance_changes_hardly_anything_at_any_magnitude(TensorType type)
    {
        float[] weights = Samples.Gaussian(4 * Columns, seed: 3, scale: 0.03f);
        double plain = Error(type, Quantise(type, weights, null), weights, null);
        foreach (float level in new[] { 0, 1e-30f, 1, 1e30f })
        {
            float[] importance = Enumerable.Repeat(level, Columns).ToArray();
            Assert.Equal(plain, Error(type, Quantise(type, weights, importance), weights, null), plain * 1e-3);
        }
    }

    [Theory]
    [MemberData(nameof(Quantised))]
    public void Columns_that_nothing_met_are_still_weights(TensorType type)
    {
        float[] weights = Samples.Gaussian(4 * Columns, seed: 4, scale: 0.03f);
        float[] importance = [.. Enumerable.Range(0, Columns).Select(i => i % 64 < 32 ? 0f : 1f)];
        float[] back = new float[weights.Length];
        Quantization.Dequantize(type, Quantise(type, weights, importance), back);
        double error = 0, squares = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            if (importance[i % Columns] > 0)
                continue;

            error += Math.Pow((double)weights[i] - back[i], 2);
            squares += (double)weights[i] * weights[i];
        }

        Assert.InRange(Math.Sqrt(error / squares), 0, 0.8);
    }

    [Theory]
    [MemberData(nameof(Quantised))]
    public void Rows_together_give_the_bytes_of_rows_alone(TensorType type)
    {
        float[] weights = Samples.Gaussian(5 * Columns, seed: 5, scale: 0.03f),
            importance = [.. Samples.Gaussian(Columns, 6).Select(MathF.Abs)];
        byte[] together = Quantise(type, weights, importance);
        byte[] alone =
        [
            .. Enumerable.Range(0, 5).SelectMany(row => Quantise(type, weights[(row * Columns)..((row + 1) * Columns)], importance)),
        ];
        Assert.Equal(alone, together);
    }

    [Theory]
    [MemberData(nameof(Quantised))]
    public void Rounding_again_loses_next_to_nothing(TensorType type)
    {
        float[] weights = Samples.Gaussian(16 * Columns, seed: 7, scale: 0.03f),
            once = Samples.RoundTrip(type, weights),
            twice = Samples.RoundTrip(type, once);
        double first = Distance(weights, once),
            second = Distance(once, twice);
        Assert.InRange(second, 0, 0.35 * first);
    }

    [Fact]
    public void No_block_comes_back_worse_than_zeros()
    {
        Gen<(TensorType Type, int Seed, int Exponent, bool Sparse)> cases =
            from type in Gen.Elements(Quantised.Select(row => row.Data).ToArray())
            from seed in Gen.Choose(0, int.MaxValue)
            from exponent in Gen.Choose(-12, 3)
            from sparse in Gen.Elements(false, true)
            select (type, seed, exponent, sparse);
        Prop.ForAll(
                cases.ToArbitrary(),
                drawn =>
                {
                    Random random = new(drawn.Seed);
                    float[] weights = Samples.Gaussian(512, drawn.Seed, MathF.Pow(10, drawn.Exponent));
                    float[] importance =
                    [
                        .. Enumerable.Range(0, 512).Select(_ => MathF.Exp(10 * random.NextSingle() - 5) * (random.Next(4) == 0 ? 0 : 1)),
                    ];
                    if (drawn.Sparse)
                        weights = [.. weights.Select(x => random.Next(20) == 0 ? x * 30 : 0)];

                    // NVFP4 has no scale for tensors of large values.
                    if (drawn.Type == TensorType.NVFP4 && drawn.Exponent > 0)
                        return true;

                    float[] back = new float[512];
                    foreach (float[]? given in new[] { null, importance })
                    {
                        Quantization.Dequantize(drawn.Type, Quantise(drawn.Type, weights, given), back);
                        if (!back.All(float.IsFinite))
                            return false;

                        // Types of one bit have no zero.
                        double error = WeightedSquares(weights.Zip(back, (x, y) => x - y), given), zeros = WeightedSquares(weights, given);
                        if (drawn.Type != TensorType.Q1_0 && error > 1.01 * zeros + 1e-12)
                            return false;
                    }

                    return true;
                }).Check(Config.QuickThrowOnFailure.WithMaxTest(400).WithReplay(new Replay(new Rnd(20260202UL, 1UL), null)));
    }

    [Theory]
    [InlineData(-1f)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void What_is_no_importance_is_refused(float value)
    {
        float[] importance = Enumerable.Repeat(1f, Columns).ToArray();
        importance[9] = value;
        ArgumentException error = Assert.Throws<ArgumentException>(() => Quantise(TensorType.Q4_K, new float[Columns], importance));
        Assert.Contains("column 9", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(511)]
    [InlineData(1024)]
    [InlineData(128)]
    public void Importance_of_another_width_is_refused(int columns) =>
        Assert.Throws<ArgumentException>(() => Quantise(TensorType.Q4_K, new float[Columns], new float[columns]));

    private static byte[] Quantise(TensorType type, float[] values, float[]? importance)
    {
        byte[] data = new byte[type.Bytes(values.Length)];
        Quantization.Quantize(type, values, data, importance);
        return data;
    }

    private static double Error(TensorType type, byte[] data, float[] values, float[]? importance)
    {
        float[] back = new float[values.Length];
        Quantization.Dequantize(type, data, back);
        return Math.Sqrt(WeightedSquares(values.Zip(back, (x, y) => x - y), importance));
    }

    private static double Distance(float[] a, float[] b) => Math.Sqrt(WeightedSquares(a.Zip(b, (x, y) => x - y), null));

    private static double WeightedSquares(IEnumerable<float> values, float[]? importance) =>
        values.Select((x, i) => (double)x * x * (importance?[i % importance.Length] ?? 1)).Sum();
}
