namespace QwenSharp.Numerics.Tests;

public class CrossEntropyTests
{
    public static TheoryData<Isa> Isas => Kernels.Isas;

    [Theory]
    [MemberData(nameof(Isas))]
    public void Loss_and_gradient_are_those_of_double_precision(Isa isa)
    {
        using TrainingCompute compute = new(2, isa);
        foreach ((int rows, int vocabulary, float scale) in new[] { (3, 1, 1f), (4, 5, 3), (5, 17, 20), (3, 4097, 4), (2, 9001, 30) })
        {
            using HostActivations logits = Kernels.Matrix(rows, vocabulary, 1, scale), before = Kernels.Matrix(rows, vocabulary, 1, scale);
            int[] targets = [.. Enumerable.Range(0, rows).Select(row => (row * 7919) % vocabulary)];
            float[] weights = [.. Enumerable.Range(0, rows).Select(row => 1 + (row / 4f))];
            double expected = Enumerable.Range(0, rows).Sum(row => weights[row] * Loss(Differences.Widen(before.Row(row)), targets[row]));

            Assert.Equal(
                expected,
                compute.CrossEntropy(logits, rows, targets, weights, 0.25f, gradient: false),
                1e-6 * Math.Max(1, expected));
            Kernels.SameBits(before.Row(1), logits.Row(1));
            Assert.Equal(
                expected,
                compute.CrossEntropy(logits, rows, targets, weights, 0.25f, gradient: true),
                1e-6 * Math.Max(1, expected));
            for (int row = 0; row < rows; row++)
            {
                Kernels.Close(
                    Gradient(Differences.Widen(before.Row(row)), targets[row], 0.25 * weights[row]),
                    logits.Row(row),
                    4e-6,
                    floor: 1e-2);
            }
        }
    }

    [Fact]
    public void The_formula_of_the_gradient_is_the_difference_of_the_loss()
    {
        double[] logits = Differences.Widen(Kernels.Random(9, 3, 2));
        Differences.Close(Differences.Of(x => [Loss(x, 4)], logits, [0.5]), Gradient(logits, 4, 0.5), 1e-9);
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Rows_without_weight_count_for_nothing_and_are_not_read(Isa isa)
    {
        using TrainingCompute compute = new(2, isa);
        using HostActivations logits = Kernels.Matrix(3, 40, 1), alone = Kernels.Matrix(3, 40, 1);
        logits.Row(0).Fill(float.NaN);
        double loss = compute.CrossEntropy(logits, 3, [-1, 3, 99], [0, 1, 0], 1, gradient: true);
        Assert.Equal(Loss(Differences.Widen(alone.Row(1)), 3), loss, 1e-6);
        Assert.All(logits.Row(0).ToArray().Concat(logits.Row(2).ToArray()), value => Assert.Equal(0, value));
        Assert.Contains(logits.Row(1).ToArray(), value => value < 0);
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Great_logits_do_not_overflow_and_nan_shows(Isa isa)
    {
        using TrainingCompute compute = new(1, isa);
        using HostActivations logits = new(2, 20);
        new[] { 1e30f, -1e30f, 3e4f }.CopyTo(logits.Row(0));
        Assert.Equal(0, compute.CrossEntropy(logits, 1, [0], [1], 1, gradient: true));
        Assert.All(logits.Row(0).ToArray(), value => Assert.Equal(0, value));

        logits.Row(1)[7] = float.NaN;
        Assert.True(double.IsNaN(compute.CrossEntropy(logits, 2, [0, 0], [1, 1], 1, gradient: true)));
        Assert.True(float.IsNaN(logits.Row(1)[2]));
        Assert.True(float.IsFinite(logits.Row(0)[2]));
    }

    [Fact]
    public void Bits_do_not_depend_on_threads()
    {
        double? first = null;
        for (int threads = 1; threads <= 4; threads++)
        {
            using TrainingCompute compute = new(threads);
            using HostActivations logits = Kernels.Matrix(70, 999, 1, 5);
            double loss = compute.CrossEntropy(
                logits,
                70,
                [.. Enumerable.Range(0, 70)],
                [.. Enumerable.Repeat(1f, 70)],
                1 / 70f,
                gradient: true);
            Assert.Equal(first ??= loss, loss);
        }
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using TrainingCompute compute = new(1);
        using HostActivations logits = new(2, 8);
        Assert.Throws<ArgumentException>(() => compute.CrossEntropy(logits, 3, [0, 0, 0], [1, 1, 1], 1, true));
        Assert.Throws<ArgumentException>(() => compute.CrossEntropy(logits, 2, [0], [1, 1], 1, true));
        Assert.Throws<ArgumentException>(() => compute.CrossEntropy(logits, 2, [0, 0], [1], 1, true));
        Assert.Throws<ArgumentOutOfRangeException>(() => compute.CrossEntropy(logits, 2, [0, 8], [1, 1], 1, true));
        Assert.Throws<ArgumentOutOfRangeException>(() => compute.CrossEntropy(logits, 2, [-1, 0], [1, 1], 1, true));
        Assert.Equal(0, compute.CrossEntropy(logits, 0, [], [], 1, true));
    }

    private static double Loss(double[] logits, int target)
    {
        double max = logits.Max();
        return Math.Log(logits.Sum(x => Math.Exp(x - max))) + max - logits[target];
    }

    private static double[] Gradient(double[] logits, int target, double scale)
    {
        double max = logits.Max(), sum = logits.Sum(x => Math.Exp(x - max));
        return [.. logits.Select((x, i) => scale * ((Math.Exp(x - max) / sum) - (i == target ? 1 : 0)))];
    }
}
