namespace QwenSharp.Numerics.Tests;

public class RowOperationTests
{
    private static readonly int[] _lengths = [1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 100, 128, 500, 1024, 2560];

    public static TheoryData<Isa> Isas => Kernels.Isas;

    [Theory]
    [MemberData(nameof(Isas))]
    public void RmsNorm_is_that_of_double_precision(Isa isa)
    {
        using TrainingCompute compute = new(1, isa);
        foreach (int width in _lengths)
        {
            using HostActivations x = Kernels.Matrix(3, width, 1, 5), y = new(3, width);
            float[] weight = Kernels.Random(width, 9);
            compute.RmsNorm(x, 3, Kernels.Weights(weight), 1e-6f, y);
            for (int row = 0; row < 3; row++)
                Kernels.Close(RmsNorm(x.Row(row).ToArray(), weight, 1e-6), y.Row(row), 4e-7);

            compute.RmsNorm(x, 3, Kernels.Weights(weight), 1e-6f, x);
            Kernels.SameBits(y.Row(2), x.Row(2));
        }
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void RmsNorm_of_zeros_is_zero_and_of_great_values_finite(Isa isa)
    {
        using TrainingCompute compute = new(1, isa);
        using HostActivations x = new(2, 48), y = new(2, 48);
        x.Row(1).Fill(1e18f);
        compute.RmsNorm(x, 2, Kernels.Weights([.. Enumerable.Repeat(2f, 48)]), 1e-6f, y);
        Assert.All(y.Row(0).ToArray(), value => Assert.Equal(0, value));
        Assert.All(y.Row(1).ToArray(), value => Assert.Equal(2, value, 1e-5));
    }

    [Fact]
    public void Rows_that_are_kept_move_together_and_others_go()
    {
        using TrainingCompute compute = new(2);
        using HostActivations x = Kernels.Matrix(6, 5, 1), before = Kernels.Matrix(6, 5, 1);
        compute.KeepRows(x, [0, 2, 3, 5]);
        foreach ((int to, int from) in ((int, int)[])[(0, 0), (1, 2), (2, 3), (3, 5)])
            Kernels.SameBits(before.Row(from), x.Row(to));

        Assert.Throws<ArgumentException>(() => compute.KeepRows(x, [1, 1]));
        Assert.Throws<ArgumentException>(() => compute.KeepRows(x, [-1]));
        Assert.Throws<ArgumentException>(() => compute.KeepRows(x, [2, 6]));
    }

    [Fact]
    public void Rows_are_put_side_by_side()
    {
        using TrainingCompute compute = new(2);
        using HostActivations first = Kernels.Matrix(40, 700, 1), second = Kernels.Matrix(40, 3, 2), y = new(40, 703), other = new(40, 702);
        compute.JoinRows(first, second, 40, y);
        for (int row = 0; row < 40; row++)
        {
            Kernels.SameBits(first.Row(row), y.Row(row)[..700]);
            Kernels.SameBits(second.Row(row), y.Row(row)[700..]);
        }

        Assert.Throws<ArgumentException>(() => compute.JoinRows(first, second, 40, other));
        Assert.Throws<ArgumentException>(() => compute.JoinRows(first, second, 41, y));
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Heads_are_normalised_and_rotated(Isa isa)
    {
        using TrainingCompute compute = new(1, isa);
        foreach ((int length, int pairs) in new[] { (4, 2), (16, 8), (80, 40), (128, 64), (64, 16), (36, 18) })
        {
            foreach (bool normed in new[] { false, true })
            {
                using HostActivations x = Kernels.Matrix(2, 3 * length, 4, 3),
                    before = Kernels.Matrix(2, 3 * length, 4, 3),
                    rotations = new(2, 2 * pairs);
                compute.FillRotations(RotaryEmbedding.Create(pairs, 10_000), [5, 1234], rotations);
                float[] weight = Kernels.Random(length, 5);
                compute.NormalizeAndRotate(x, 2, length, normed ? Kernels.Weights(weight) : null, 1e-6f, rotations);
                for (int row = 0; row < 2; row++)
                {
                    for (int head = 0; head < 3; head++)
                    {
                        float[] input = before.Row(row).Slice(head * length, length).ToArray();
                        double[] expected = normed ? RmsNorm(input, weight, 1e-6) : [.. input.Select(value => (double)value)];
                        for (int i = 0; i < pairs; i++)
                        {
                            double angle = (row == 0 ? 5 : 1234) * Math.Pow(10_000, -(double)i / pairs),
                                a = expected[i],
                                b = expected[i + pairs];
                            expected[i] = (a * Math.Cos(angle)) - (b * Math.Sin(angle));
                            expected[i + pairs] = (a * Math.Sin(angle)) + (b * Math.Cos(angle));
                        }

                        Kernels.Close(expected, x.Row(row).Slice(head * length, length), 1e-6, floor: 1);
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void SwiGlu_is_that_of_double_precision(Isa isa)
    {
        using TrainingCompute compute = new(1, isa);
        foreach (int width in _lengths)
        {
            using HostActivations gate = Kernels.Matrix(2, width, 1, 30), up = Kernels.Matrix(2, width, 7), y = new(2, width);
            compute.SwiGlu(gate, up, 2, y);
            double[] expected = [.. gate.Row(1).ToArray().Zip(up.Row(1).ToArray(), (g, u) => g / (1 + Math.Exp(-g)) * u)];
            Kernels.Close(expected, y.Row(1), 4e-7, floor: 1e-30);
            compute.SwiGlu(gate, up, 2, gate);
            Kernels.SameBits(y.Row(1), gate.Row(1));
        }
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void SwiGlu_saturates(Isa isa)
    {
        using TrainingCompute compute = new(1, isa);
        using HostActivations gate = new(1, 6), up = new(1, 6), y = new(1, 6);
        new[] { 0, 100, -100, 1e30f, -1e30f, float.NaN }.CopyTo(gate.Row(0));
        up.Row(0).Fill(2);
        compute.SwiGlu(gate, up, 1, y);
        Assert.Equal([0, 200, 0, 2e30f, 0, float.NaN], y.Row(0).ToArray().Select(value => MathF.Abs(value) < 1e-37f ? 0 : value));
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Rows_are_added_and_gathered(Isa isa)
    {
        using TrainingCompute compute = new(1, isa);
        using HostActivations x = Kernels.Matrix(3, 37, 1),
            y = Kernels.Matrix(3, 37, 8),
            before = Kernels.Matrix(3, 37, 8),
            picked = new(2, 37);
        compute.Add(x, 2, y);
        for (int i = 0; i < 37; i++)
            Assert.Equal(x.Row(1)[i] + before.Row(1)[i], y.Row(1)[i]);

        Kernels.SameBits(before.Row(2), y.Row(2));
        compute.Gather(x, [2, 0], picked);
        Kernels.SameBits(x.Row(2), picked.Row(0));
        Kernels.SameBits(x.Row(0), picked.Row(1));
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void A_row_is_the_same_alone_and_in_a_crowd(Isa isa)
    {
        const int Rows = 300, Width = 260;
        using TrainingCompute one = new(1, isa), many = new(4, isa);
        using HostActivations x = Kernels.Matrix(Rows, Width, 1, 4), together = new(Rows, Width);
        using HostActivations single = new(1, Width), alone = new(1, Width);
        Tensor weight = Kernels.Weights(Kernels.Random(Width, 3));
        many.RmsNorm(x, Rows, weight, 1e-5f, together);
        many.SwiGlu(together, x, Rows, together);
        for (int row = 0; row < Rows; row += 13)
        {
            x.Row(row).CopyTo(single.Row(0));
            one.RmsNorm(single, 1, weight, 1e-5f, alone);
            one.SwiGlu(alone, single, 1, alone);
            Kernels.SameBits(alone.Row(0), together.Row(row));
        }
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        using TrainingCompute compute = new(1);
        using HostActivations x = new(2, 8), other = new(2, 9), rotations = new(2, 16);
        Assert.Throws<ArgumentException>(() => compute.RmsNorm(x, 1, Kernels.Weights(1, 2), 1e-6f, x));
        Assert.Throws<ArgumentException>(() => compute.RmsNorm(x, 3, Kernels.Weights(new float[8]), 1e-6f, x));
        Assert.Throws<ArgumentException>(() => compute.RmsNorm(x, 1, Kernels.Weights(new float[8]), 1e-6f, other));
        Assert.Throws<ArgumentException>(() => compute.SwiGlu(x, other, 1, x));
        Assert.Throws<ArgumentException>(() => compute.Add(x, 1, other));
        Assert.Throws<ArgumentException>(() => compute.Gather(x, [0], x));
        Assert.Throws<ArgumentOutOfRangeException>(() => compute.Gather(rotations, [2], new HostActivations(1, 16)));
        Assert.Throws<ArgumentException>(() => compute.NormalizeAndRotate(x, 1, 8, null, 1e-6f, rotations));
        Assert.Throws<ArgumentException>(() => compute.NormalizeAndRotate(x, 1, 3, null, 1e-6f, rotations));
    }

    private static double[] RmsNorm(float[] x, float[] weight, double epsilon)
    {
        double scale = 1 / Math.Sqrt(x.Average(value => (double)value * value) + epsilon);
        return [.. x.Zip(weight, (value, w) => value * scale * w)];
    }
}
