namespace QwenSharp.Numerics.Tests;

public class LogitOperationTests
{
    public static TheoryData<Isa> Isas => Kernels.Isas;

    [Theory]
    [MemberData(nameof(Isas))]
    public void The_greatest_is_found_and_the_first_of_equals(Isa isa)
    {
        using CpuCompute compute = new(1, isa);
        Assert.Equal(-1, compute.ArgMax([]));
        Assert.Equal(-1, compute.ArgMax([float.NaN, float.NaN]));
        Assert.Equal(1, compute.ArgMax([float.NaN, float.NegativeInfinity]));
        Assert.Equal(1, compute.ArgMax([-3, -2, -2, float.NaN]));
        Random random = new(1);
        for (int length = 1; length < 20_000; length += random.Next(1, 700))
        {
            float[] x = Kernels.Random(length, length);
            x[random.Next(length)] = float.NaN;
            int expected = random.Next(length);
            x[expected] = 7;
            x[random.Next(expected, length)] = 7;
            Assert.Equal(expected, compute.ArgMax(x));
        }
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Log_sum_exp_is_that_of_double_precision(Isa isa)
    {
        using CpuCompute compute = new(1, isa);
        foreach (int length in new[] { 1, 5, 8, 33, 1000, 151_936 })
        {
            foreach (float offset in new[] { 0f, -2000f, 3000f })
            {
                float[] x = [.. Kernels.Random(length, 3, 20).Select(value => value + offset)];
                double max = x.Max(), expected = max + Math.Log(x.Sum(value => Math.Exp(value - max)));
                Assert.Equal(expected, compute.LogSumExp(x), Math.Max(1e-6, Math.Abs(expected) * 1e-6));

                compute.Softmax(x);
                Assert.Equal(1, x.Sum(value => (double)value), 1e-5);
            }
        }

        Assert.Equal(float.NegativeInfinity, compute.LogSumExp([]));
        Assert.Equal(float.NegativeInfinity, compute.LogSumExp([float.NegativeInfinity]));
        Assert.Equal(float.PositiveInfinity, compute.LogSumExp([1, float.PositiveInfinity]));
        Assert.Equal(float.NaN, compute.LogSumExp([1, float.NaN, 3]));
        Assert.Equal(0, compute.LogSumExp([0, float.NegativeInfinity]));
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Softmax_leaves_out_what_is_minus_infinity(Isa isa)
    {
        using CpuCompute compute = new(1, isa);
        float[] x = [1, float.NegativeInfinity, 1, -1e30f];
        compute.Softmax(x);
        Assert.Equal([0.5f, 0, 0.5f, 0], x);
    }
}
