namespace QwenSharp.Numerics.Tests;

public class RowGradientTests
{
    private const double Epsilon = 1e-6f;

    private static readonly int[] _lengths = [1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 65, 100, 256];

    public static TheoryData<Isa> Isas => Kernels.Isas;

    [Theory]
    [MemberData(nameof(Isas))]
    public void RmsNorm_backward_is_the_difference_of_the_norm(Isa isa)
    {
        using TrainingCompute compute = new(2, isa);
        foreach (int width in _lengths)
        {
            const int Rows = 3;
            using HostActivations x = Kernels.Matrix(Rows, width, 1, 3),
                dy = Kernels.Matrix(Rows, width, 7),
                dx = Kernels.Matrix(Rows, width, 20),
                before = Kernels.Matrix(Rows, width, 20);
            using HostActivations dWeight = Kernels.Matrix(1, width, 30),
                weightBefore = Kernels.Matrix(1, width, 30);
            float[] weight = Kernels.Random(width, 9);
            compute.RmsNormBackward(x, Rows, Kernels.Weights(weight), (float)Epsilon, dy, dx, dWeight);

            double[] wide = Differences.Widen(weight), dWeightExpected = Differences.Widen(weightBefore.Row(0));
            for (int row = 0; row < Rows; row++)
            {
                double[] input = Differences.Widen(x.Row(row)), gradient = Differences.Widen(dy.Row(row));
                double[] expected = Differences.Of(v => RmsNorm(v, wide), input, gradient);
                Differences.Close(Sum(expected, Differences.Widen(before.Row(row))), Differences.Widen(dx.Row(row)), 2e-6);
                dWeightExpected = Sum(dWeightExpected, Differences.Of(w => RmsNorm(input, w), wide, gradient));
            }

            Differences.Close(dWeightExpected, Differences.Widen(dWeight.Row(0)), 2e-6);
        }
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void A_frozen_norm_gives_the_same_gradient_of_its_input(Isa isa)
    {
        using TrainingCompute compute = new(1, isa);
        using HostActivations x = Kernels.Matrix(5, 33, 1, 3),
            dy = Kernels.Matrix(5, 33, 7),
            trained = new(5, 33),
            frozen = new(5, 33),
            dWeight = new(1, 33);
        Tensor weight = Kernels.Weights(Kernels.Random(33, 9));
        compute.RmsNormBackward(x, 5, weight, 1e-6f, dy, trained, dWeight);
        compute.RmsNormBackward(x, 5, weight, 1e-6f, dy, frozen, null);
        for (int row = 0; row < 5; row++)
            Kernels.SameBits(trained.Row(row), frozen.Row(row));
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Heads_go_back_through_rotation_and_norm(Isa isa)
    {
        using TrainingCompute compute = new(2, isa);
        foreach ((int length, int pairs) in new[] { (4, 2), (16, 8), (80, 40), (64, 16), (36, 18), (10, 3), (7, 3) })
        {
            foreach (bool normed in new[] { false, true })
            {
                const int Rows = 2,
                    Heads = 3;
                using HostActivations x = Kernels.Matrix(Rows, Heads * length, 4, 3),
                    dy = Kernels.Matrix(Rows, Heads * length, 8),
                    dx = new(Rows, Heads * length);
                using HostActivations rotations = new(Rows, 2 * pairs),
                    dWeight = new(1, length);
                compute.FillRotations(RotaryEmbedding.Create(pairs, 10_000), [5, 1234], rotations);
                float[] weight = Kernels.Random(length, 5);
                double[] wide = Differences.Widen(weight), dWeightExpected = new double[length];
                Tensor? tensor = normed ? Kernels.Weights(weight) : null;
                compute.NormalizeAndRotateBackward(x, Rows, length, tensor, (float)Epsilon, rotations, dy, dx, normed ? dWeight : null);
                for (int row = 0; row < Rows; row++)
                {
                    double[] angles = Differences.Widen(rotations.Row(row));
                    for (int head = 0; head < Heads; head++)
                    {
                        double[] input = Differences.Widen(x.Row(row).Slice(head * length, length)),
                            gradient = Differences.Widen(dy.Row(row).Slice(head * length, length));
                        double[] Forward(double[] v, double[] w) => Rotate(normed ? RmsNorm(v, w) : [.. v], angles);
                        Differences.Close(
                            Differences.Of(v => Forward(v, wide), input, gradient),
                            Differences.Widen(dx.Row(row).Slice(head * length, length)),
                            3e-6);
                        if (normed)
                            dWeightExpected = Sum(dWeightExpected, Differences.Of(w => Forward(input, w), wide, gradient));
                    }
                }

                if (normed)
                    Differences.Close(dWeightExpected, Differences.Widen(dWeight.Row(0)), 3e-6);

                compute.NormalizeAndRotateBackward(x, Rows, length, tensor, (float)Epsilon, rotations, dy, dy, null);
                for (int row = 0; row < Rows; row++)
                    Kernels.SameBits(dx.Row(row), dy.Row(row));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void SwiGlu_backward_is_the_difference_of_SwiGlu(Isa isa)
    {
        using TrainingCompute compute = new(2, isa);
        foreach (int width in _lengths)
        {
            using HostActivations gate = Kernels.Matrix(2, width, 1, 12),
                up = Kernels.Matrix(2, width, 7),
                dy = Kernels.Matrix(2, width, 9),
                dGate = new(2, width),
                dUp = new(2, width);
            compute.SwiGluBackward(gate, up, 2, dy, dGate, dUp);
            double[] g = Differences.Widen(gate.Row(1)), u = Differences.Widen(up.Row(1)), d = Differences.Widen(dy.Row(1));
            Differences.Close(Differences.Of(v => SwiGlu(v, u), g, d), Differences.Widen(dGate.Row(1)), 1e-6);
            Differences.Close(Differences.Of(v => SwiGlu(g, v), u, d), Differences.Widen(dUp.Row(1)), 1e-6);

            // In place of gate and up, as a trainer does that keeps neither.
            compute.SwiGluBackward(gate, up, 2, dy, gate, up);
            Kernels.SameBits(dGate.Row(1), gate.Row(1));
            Kernels.SameBits(dUp.Row(1), up.Row(1));
        }
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void SwiGlu_backward_saturates(Isa isa)
    {
        using TrainingCompute compute = new(1, isa);
        using HostActivations gate = new(1, 5), up = new(1, 5), dy = new(1, 5), dGate = new(1, 5), dUp = new(1, 5);
        new[] { 0, 100, -100, -1e30f, float.NaN }.CopyTo(gate.Row(0));
        up.Row(0).Fill(2);
        dy.Row(0).Fill(1);
        compute.SwiGluBackward(gate, up, 1, dy, dGate, dUp);
        Assert.Equal([1, 2, 0, 0, float.NaN], Flushed(dGate));
        Assert.Equal([0, 100, 0, 0, float.NaN], Flushed(dUp));

        static IEnumerable<float> Flushed(HostActivations x) => x.Row(0).ToArray().Select(value => MathF.Abs(value) < 1e-30f ? 0 : value);
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Sums_scales_and_biases_are_exact_element_by_element(Isa isa)
    {
        using TrainingCompute compute = new(2, isa);
        using HostActivations x = Kernels.Matrix(3, 37, 1),
            y = Kernels.Matrix(3, 37, 8),
            before = Kernels.Matrix(3, 37, 8),
            sum = Kernels.Matrix(1, 37, 3),
            sumBefore = Kernels.Matrix(1, 37, 3);
        float[] bias = Kernels.Random(37, 2);
        compute.SumRows(x, 3, sum);
        for (int i = 0; i < 37; i++)
            Assert.Equal(sumBefore.Row(0)[i] + (x.Row(0)[i] + x.Row(1)[i] + x.Row(2)[i]), sum.Row(0)[i]);

        compute.AddScaled(x, 2, 0.5f, y);
        compute.ScaleRows(y, 2, 4);
        compute.AddBias(y, 2, Kernels.Weights(bias));
        for (int i = 0; i < 37; i++)
            Assert.Equal((4 * MathF.FusedMultiplyAdd(x.Row(1)[i], 0.5f, before.Row(1)[i])) + bias[i], y.Row(1)[i]);

        Kernels.SameBits(before.Row(2), y.Row(2));
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Rows_are_scattered_in_order(Isa isa)
    {
        foreach ((int rows, int width) in new[] { (7, 5), (300, 129) })
        {
            using TrainingCompute compute = new(3, isa);
            using HostActivations dy = Kernels.Matrix(rows, width, 1),
                table = Kernels.Matrix(11, width, 500),
                expected = Kernels.Matrix(11, width, 500);
            int[] ids = [.. Enumerable.Range(0, rows).Select(row => row * row % 11)];
            compute.EmbedBackward(ids, dy, table);
            for (int row = 0; row < rows; row++)
            {
                for (int i = 0; i < width; i++)
                    expected.Row(ids[row])[i] += dy.Row(row)[i];
            }

            for (int row = 0; row < 11; row++)
                Kernels.SameBits(expected.Row(row), table.Row(row));
        }
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Gradients_have_the_same_bits_on_any_number_of_threads(Isa isa)
    {
        const int Rows = 333, Heads = 3, Length = 44, Width = Heads * Length;
        float[]? first = null;
        for (int threads = 1; threads <= 4; threads++)
        {
            using TrainingCompute compute = new(threads, isa);
            using HostActivations x = Kernels.Matrix(Rows, Width, 1),
                dy = Kernels.Matrix(Rows, Width, 700),
                dx = new(Rows, Width),
                rotations = new(Rows, Length);
            using HostActivations dNorm = new(1, Width),
                dHead = new(1, Length),
                dBias = new(1, Width),
                table = new(50, Width),
                gate = new(Rows, Width),
                up = new(Rows, Width);
            compute.FillRotations(RotaryEmbedding.Create(Length / 2, 10_000), [.. Enumerable.Range(0, Rows)], rotations);
            compute.RmsNormBackward(x, Rows, Kernels.Weights(Kernels.Random(Width, 3)), 1e-6f, dy, dx, dNorm);
            compute.NormalizeAndRotateBackward(
                x,
                Rows,
                Length,
                Kernels.Weights(Kernels.Random(Length, 3)),
                1e-6f,
                rotations,
                dx,
                dx,
                dHead);
            compute.SwiGluBackward(x, dx, Rows, dy, gate, up);
            compute.SumRows(gate, Rows, dBias);
            compute.EmbedBackward([.. Enumerable.Range(0, Rows).Select(row => row % 50)], up, table);
            float[] all =
            [
                .. dNorm.Row(0),
                .. dHead.Row(0),
                .. dBias.Row(0),
                .. Enumerable.Range(0, 50).SelectMany(row => table.Row(row).ToArray()),
                (float)compute.SumOfSquares(gate),
            ];
            Kernels.SameBits(first ??= all, all);
        }
    }

    [Fact]
    public void No_rows_change_nothing()
    {
        using TrainingCompute compute = new(2);
        using HostActivations x = Kernels.Matrix(1, 8, 1),
            dy = Kernels.Matrix(1, 8, 2),
            dx = Kernels.Matrix(1, 8, 3),
            same = Kernels.Matrix(1, 8, 3),
            sum = new(1, 8),
            rotations = new(1, 8),
            other = new(1, 8);
        Tensor weight = Kernels.Weights(new float[8]);
        compute.RmsNormBackward(x, 0, weight, 1e-6f, dy, dx, sum);
        compute.NormalizeAndRotateBackward(x, 0, 8, weight, 1e-6f, rotations, dy, dx, sum);
        compute.SwiGluBackward(x, dy, 0, dy, dx, other);
        compute.SumRows(dy, 0, sum);
        compute.AddBias(dx, 0, weight);
        compute.AddScaled(x, 0, 3, dx);
        compute.ScaleRows(dx, 0, 3);
        compute.EmbedBackward([], dy, dx);
        compute.Dropout(dx, 0, 0.5f, 1, dx);
        Kernels.SameBits(same.Row(0), dx.Row(0));
        Assert.All(sum.Row(0).ToArray(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void Nan_goes_through()
    {
        using TrainingCompute compute = new(1);
        using HostActivations x = Kernels.Matrix(2, 16, 1), dy = Kernels.Matrix(2, 16, 2), dx = new(2, 16), dWeight = new(1, 16);
        dy.Row(1)[3] = float.NaN;
        compute.RmsNormBackward(x, 2, Kernels.Weights(Kernels.Random(16, 1)), 1e-6f, dy, dx, dWeight);
        Assert.All(dx.Row(0).ToArray(), value => Assert.True(float.IsFinite(value)));
        Assert.All(dx.Row(1).ToArray(), value => Assert.True(float.IsNaN(value)));
        Assert.True(float.IsNaN(dWeight.Row(0)[3]) && float.IsFinite(dWeight.Row(0)[4]));
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using TrainingCompute compute = new(1);
        using HostActivations x = new(2, 8), y = new(2, 8), z = new(2, 8), wide = new(2, 9), sum = new(1, 8), rotations = new(2, 8);
        Tensor weight = Kernels.Weights(new float[8]), other = Kernels.Weights(new float[9]);
        Assert.Throws<ArgumentException>(() => compute.RmsNormBackward(x, 3, weight, 1e-6f, y, z, null));
        Assert.Throws<ArgumentException>(() => compute.RmsNormBackward(x, 2, other, 1e-6f, y, z, null));
        Assert.Throws<ArgumentException>(() => compute.RmsNormBackward(x, 2, weight, 1e-6f, y, y, null));
        Assert.Throws<ArgumentException>(() => compute.RmsNormBackward(x, 2, weight, 1e-6f, y, z, wide));
        Assert.Throws<ArgumentException>(() => compute.NormalizeAndRotateBackward(x, 2, 8, weight, 1e-6f, rotations, y, x, null));
        Assert.Throws<ArgumentException>(() => compute.NormalizeAndRotateBackward(x, 2, 3, null, 1e-6f, rotations, y, z, null));
        Assert.Throws<ArgumentException>(() => compute.NormalizeAndRotateBackward(x, 2, 8, null, 1e-6f, rotations, y, z, sum));
        Assert.Throws<ArgumentException>(() => compute.SwiGluBackward(x, y, 2, z, x, x));
        Assert.Throws<ArgumentException>(() => compute.SwiGluBackward(x, y, 2, wide, x, y));
        Assert.Throws<ArgumentException>(() => compute.SumRows(x, 2, wide));
        Assert.Throws<ArgumentException>(() => compute.AddBias(x, 2, other));
        Assert.Throws<ArgumentException>(() => compute.AddScaled(x, 2, 1, wide));
        Assert.Throws<ArgumentException>(() => compute.ScaleRows(x, 3, 1));
        Assert.Throws<ArgumentException>(() => compute.EmbedBackward([0, 0, 0], x, y));
        Assert.Throws<ArgumentOutOfRangeException>(() => compute.EmbedBackward([2], x, y));
        Assert.Throws<ArgumentOutOfRangeException>(() => compute.Dropout(x, 2, 1, 1, y));
        Assert.Throws<ArgumentOutOfRangeException>(() => compute.Dropout(x, 2, float.NaN, 1, y));
    }

    private static double[] Sum(double[] x, double[] y) => [.. x.Zip(y, (a, b) => a + b)];

    private static double[] RmsNorm(double[] x, double[] weight)
    {
        double scale = 1 / Math.Sqrt(x.Average(value => value * value) + Epsilon);
        return [.. x.Zip(weight, (value, w) => value * scale * w)];
    }

    private static double[] SwiGlu(double[] gate, double[] up) => [.. gate.Zip(up, (g, u) => g / (1 + Math.Exp(-g)) * u)];

    private static double[] Rotate(double[] head, double[] rotations)
    {
        int pairs = rotations.Length / 2;
        for (int i = 0; i < pairs; i++)
        {
            (double a, double b, double cosine, double sine) = (head[i], head[i + pairs], rotations[i], rotations[i + pairs]);
            (head[i], head[i + pairs]) = ((a * cosine) - (b * sine), (a * sine) + (b * cosine));
        }

        return head;
    }
}
