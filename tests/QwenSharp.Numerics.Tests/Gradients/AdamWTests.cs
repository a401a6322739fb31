namespace QwenSharp.Numerics.Tests;

public class AdamWTests
{
    public static TheoryData<Isa> Isas => Kernels.Isas;

    [Theory]
    [MemberData(nameof(Isas))]
    public void Steps_are_those_of_double_precision(Isa isa)
    {
        using TrainingCompute compute = new(3, isa);
        foreach ((int rows, int width) in new[] { (1, 1), (1, 7), (3, 37), (65, 513) })
        {
            using HostActivations value = Kernels.Matrix(rows, width, 1), mean = new(rows, width), variance = new(rows, width);
            double[] x = Differences.Widen(value, rows), m = new double[x.Length], v = new double[x.Length];
            for (int step = 1; step <= 5; step++)
            {
                using HostActivations gradient = Kernels.Matrix(rows, width, 1000 * step, 30);
                compute.AdamW(value, gradient, mean, variance, new AdamWStep(0.01f, 0.9f, 0.95f, 1e-8f, 0.1f, step, 0.5f));
                double[] g = Differences.Widen(gradient, rows);
                for (int i = 0; i < x.Length; i++)
                {
                    double scaled = 0.5 * g[i];
                    m[i] = (0.9f * m[i]) + ((1 - (double)0.9f) * scaled);
                    v[i] = (0.95f * v[i]) + ((1 - (double)0.95f) * scaled * scaled);
                    double direction = m[i] / (1 - Math.Pow(0.9f, step)) / (Math.Sqrt(v[i] / (1 - Math.Pow(0.95f, step))) + 1e-8);
                    x[i] -= 0.01f * (direction + (0.1f * x[i]));
                }
            }

            Differences.Close(x, Differences.Widen(value, rows), 1e-6);
            Differences.Close(m, Differences.Widen(mean, rows), 1e-6);
            Differences.Close(v, Differences.Widen(variance, rows), 1e-6);
        }
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void It_finds_the_least_square(Isa isa)
    {
        using TrainingCompute compute = new(1, isa);
        using HostActivations value = Kernels.Matrix(1, 19, 1),
            goal = Kernels.Matrix(1, 19, 2),
            gradient = new(1, 19),
            mean = new(1, 19),
            variance = new(1, 19);
        for (int step = 1; step <= 400; step++)
        {
            for (int i = 0; i < 19; i++)
                gradient.Row(0)[i] = value.Row(0)[i] - goal.Row(0)[i];

            compute.AdamW(value, gradient, mean, variance, new AdamWStep(0.05f * (1 - (step / 400f)), 0.9f, 0.99f, 1e-8f, 0, step, 1));
        }

        for (int i = 0; i < 19; i++)
            Assert.Equal(goal.Row(0)[i], value.Row(0)[i], 1e-2f);
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Sums_of_squares_take_every_row(Isa isa)
    {
        foreach ((int rows, int width) in new[] { (1, 1), (3, 7), (70, 1021), (0, 5) })
        {
            using HostActivations x = Kernels.Matrix(rows, width, 1, 3);
            double expected = Differences.Widen(x, rows).Sum(value => value * value);
            using TrainingCompute one = new(1, isa), many = new(4, isa);
            double sum = one.SumOfSquares(x);
            Assert.Equal(expected, sum, 1e-6 * Math.Max(1, expected));
            Assert.Equal(sum, many.SumOfSquares(x));
        }
    }

    [Fact]
    public void Nothing_is_lost_where_the_gradient_is_zero_and_nan_shows()
    {
        using TrainingCompute compute = new(1);
        using HostActivations value = Kernels.Matrix(1, 9, 1),
            before = Kernels.Matrix(1, 9, 1),
            gradient = new(1, 9),
            mean = new(1, 9),
            variance = new(1, 9);
        compute.AdamW(value, gradient, mean, variance, new AdamWStep(0.1f, 0.9f, 0.99f, 1e-8f, 0, 1, 1));
        Kernels.SameBits(before.Row(0), value.Row(0));
        gradient.Row(0)[4] = float.NaN;
        compute.AdamW(value, gradient, mean, variance, new AdamWStep(0.1f, 0.9f, 0.99f, 1e-8f, 0, 2, 1));
        Assert.True(float.IsNaN(value.Row(0)[4]) && float.IsFinite(value.Row(0)[5]));
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using TrainingCompute compute = new(1);
        using HostActivations value = new(2, 8), gradient = new(2, 8), mean = new(2, 8), variance = new(2, 8), other = new(1, 8);
        AdamWStep step = new(0.1f, 0.9f, 0.99f, 1e-8f, 0, 1, 1);
        Assert.Throws<ArgumentException>(() => compute.AdamW(value, other, mean, variance, step));
        Assert.Throws<ArgumentException>(() => compute.AdamW(value, gradient, other, variance, step));
        Assert.Throws<ArgumentException>(() => compute.AdamW(value, gradient, mean, other, step));
        Assert.Throws<ArgumentException>(() => compute.AdamW(value, gradient, mean, mean, step));
        Assert.Throws<ArgumentException>(() => compute.AdamW(value, value, mean, variance, step));
        Assert.Throws<ArgumentOutOfRangeException>(() => compute.AdamW(value, gradient, mean, variance, step with { Step = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => compute.AdamW(value, gradient, mean, variance, step with { Beta2 = 1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => compute.AdamW(value, gradient, mean, variance, step with { Beta1 = float.NaN }));
    }
}
