using QwenSharp.Tests;

namespace QwenSharp.Numerics.Tests;

public class SegmentAttentionTests
{
    public static TheoryData<Isa> Isas => Kernels.Isas;

    public static TheoryData<Isa, int, int, int> Shapes
    {
        get
        {
            TheoryData<Isa, int, int, int> shapes = [];
            foreach (Isa isa in InstructionSets.Available)
            {
                shapes.Add(isa, 4, 2, 64);
                shapes.Add(isa, 2, 2, 32);
                shapes.Add(isa, 2, 1, 128);
                shapes.Add(isa, 3, 1, 8);
                shapes.Add(isa, 6, 2, 40);
                shapes.Add(isa, 2, 1, 13);
                shapes.Add(isa, 8, 1, 1);
            }

            return shapes;
        }
    }

    [Fact]
    public void The_formulas_of_the_reference_are_the_differences_of_its_forward_pass()
    {
        const int Rows = 5, Heads = 4, KvHeads = 2, Length = 3;
        SegmentReference reference = new(Rows, Heads, KvHeads, Length);
        double[] q = Wide(Rows * Heads * Length, 1),
            k = Wide(Rows * KvHeads * Length, 2),
            v = Wide(Rows * KvHeads * Length, 3),
            dy = Wide(Rows * Heads * Length, 4);
        (double[] dq, double[] dk, double[] dv) = reference.Backward(q, k, v, dy);
        Differences.Close(Differences.Of(x => reference.Forward(x, k, v), q, dy), dq, 1e-8);
        Differences.Close(Differences.Of(x => reference.Forward(q, x, v), k, dy), dk, 1e-8);
        Differences.Close(Differences.Of(x => reference.Forward(q, k, x), v, dy), dv, 1e-8);

        static double[] Wide(int length, int seed) => Differences.Widen(Kernels.Random(length, seed, 2));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Attention_and_its_gradients_are_those_of_double_precision(Isa isa, int heads, int kvHeads, int length)
    {
        // The second run has queries and keys large enough that few positions take all the weight.
        foreach ((int[] segments, float scale) in new[] { (new[] { 0, 1 }, 1f), ([0, 3, 20, 21, 85, 149, 214], 1), ([0, 130, 131], 4) })
        {
            using Batch batch = new(segments[^1], heads, kvHeads, length, scale);
            batch.Run(isa, 2, segments);
            for (int s = 0; s + 1 < segments.Length; s++)
            {
                int from = segments[s], rows = segments[s + 1] - from;
                double[] Part(HostActivations x) => [.. Enumerable.Range(from, rows).SelectMany(row => Differences.Widen(x.Row(row)))];
                SegmentReference reference = new(rows, heads, kvHeads, length);
                double[] q = Part(batch.Q), k = Part(batch.K), v = Part(batch.V);
                double tolerance = scale == 1 ? 4e-6 : 3e-5;
                Differences.Close(reference.Forward(q, k, v), Part(batch.Y), tolerance);
                Differences.Close(reference.LogSumExp(q, k), Part(batch.LogSumExp), tolerance);
                (double[] dq, double[] dk, double[] dv) = reference.Backward(q, k, v, Part(batch.DY));

                // A segment of one row has gradients of nothing but rounding, as its only weight is 1: so small a size counts as 0.1.
                double size = Math.Max(0.1, dk.Max(Math.Abs));
                Differences.Close([.. dq, size], [.. Part(batch.DQ), size], tolerance);
                Differences.Close([.. dk, size], [.. Part(batch.DK), size], tolerance);
                Differences.Close(dv, Part(batch.DV), tolerance);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void No_row_sees_another_segment_or_a_later_row(Isa isa)
    {
        int[] segments = [0, 70, 73, 200];
        using Batch batch = new(200, 4, 2, 32, 1), other = new(200, 4, 2, 32, 1);
        batch.Run(isa, 2, segments);

        // Other keys and values from row 150 on: the rows before it, in its own tile too, stay as they were to the bit.
        for (int row = 150; row < 200; row++)
        {
            other.K.Row(row).Fill(3);
            other.V.Row(row).Fill(-5);
        }

        other.Run(isa, 2, segments);
        for (int row = 0; row < 150; row++)
        {
            Kernels.SameBits(batch.Y.Row(row), other.Y.Row(row));
            Kernels.SameBits(batch.DQ.Row(row), other.DQ.Row(row));
        }

        for (int row = 0; row < 73; row++)
        {
            Kernels.SameBits(batch.DK.Row(row), other.DK.Row(row));
            Kernels.SameBits(batch.DV.Row(row), other.DV.Row(row));
        }
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void A_segment_is_the_same_to_the_bit_alone_and_packed(Isa isa)
    {
        using Batch packed = new(217, 2, 1, 24, 2), alone = new(130, 2, 1, 24, 2);
        packed.Run(isa, 3, [0, 87, 217]);
        foreach (
            (HostActivations from, HostActivations to) in new[]
            {
                (packed.Q, alone.Q),
                (packed.K, alone.K),
                (packed.V, alone.V),
                (packed.DY, alone.DY),
            })
        {
            for (int row = 0; row < 130; row++)
                from.Row(87 + row).CopyTo(to.Row(row));
        }

        alone.Run(isa, 1, [0, 130]);
        for (int row = 0; row < 130; row++)
        {
            Kernels.SameBits(packed.Y.Row(87 + row), alone.Y.Row(row));
            Kernels.SameBits(packed.DQ.Row(87 + row), alone.DQ.Row(row));
            Kernels.SameBits(packed.DK.Row(87 + row), alone.DK.Row(row));
            Kernels.SameBits(packed.DV.Row(87 + row), alone.DV.Row(row));
        }
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Bits_do_not_depend_on_threads_nor_on_what_was_computed_before(Isa isa)
    {
        int[] segments = [0, 5, 170, 233];
        using Batch first = new(233, 4, 2, 40, 1);
        first.Run(isa, 1, segments);
        for (int threads = 2; threads <= 4; threads++)
        {
            using Batch batch = new(233, 4, 2, 40, 1);
            using TrainingCompute compute = new(threads, isa);
            using (Batch shorter = new(90, 6, 3, 40, 1))
            {
                shorter.V.Row(80).Fill(float.NaN);
                shorter.Run(compute, [0, 90]);
            }

            batch.Run(compute, segments);
            for (int row = 0; row < 233; row++)
            {
                Kernels.SameBits(first.Y.Row(row), batch.Y.Row(row));
                Kernels.SameBits(first.DQ.Row(row), batch.DQ.Row(row));
                Kernels.SameBits(first.DK.Row(row), batch.DK.Row(row));
                Kernels.SameBits(first.DV.Row(row), batch.DV.Row(row));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Few_segments_on_many_threads_have_the_bits_of_one_thread(Isa isa)
    {
        // Two segments with one KV head are two tasks for one to three threads, and are cut into tiles for more.
        int[] segments = [0, 150, 200];
        using Batch whole = new(200, 3, 1, 20, 1);
        whole.Run(isa, 1, segments);
        foreach (int threads in new[] { 3, 4, 8 })
        {
            using Batch tiles = new(200, 3, 1, 20, 1);
            tiles.Run(isa, threads, segments);
            for (int row = 0; row < 200; row++)
            {
                Kernels.SameBits(whole.DQ.Row(row), tiles.DQ.Row(row));
                Kernels.SameBits(whole.DK.Row(row), tiles.DK.Row(row));
                Kernels.SameBits(whole.DV.Row(row), tiles.DV.Row(row));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Numbers_that_are_none_show_and_stay_in_their_segment(Isa isa)
    {
        using Batch batch = new(40, 2, 1, 16, 1);
        batch.K.Row(25)[3] = float.NaN;
        batch.Run(isa, 2, [0, 20, 40]);
        foreach (HostActivations x in new[] { batch.Y, batch.DQ, batch.DK, batch.DV })
        {
            for (int row = 0; row < 20; row++)
                Assert.All(x.Row(row).ToArray(), value => Assert.True(float.IsFinite(value)));
        }

        Assert.All(batch.Y.Row(39).ToArray(), value => Assert.True(float.IsNaN(value)));
        Assert.All(batch.DK.Row(25).ToArray(), value => Assert.True(float.IsNaN(value)));
    }

    [Fact]
    public void Nothing_is_allocated_once_the_shape_is_known()
    {
        using TrainingCompute compute = new(2);
        using Batch batch = new(150, 4, 2, 32, 1);
        using HostActivations dWeight = new(1, 128), mean = new(150, 128), variance = new(150, 128), sum = new(150, 128);
        Tensor weight = Kernels.Weights(Kernels.Random(128, 1));
        int[] targets = new int[150];
        float[] ones = [.. Enumerable.Repeat(1f, 150)];
        int step = 0;
        Assert.Equal(0, Allocations.Least(() =>
        {
            step++;
            batch.Run(compute, [0, 70, 150]);
            compute.RmsNormBackward(batch.Y, 150, weight, 1e-6f, batch.DY, sum, dWeight);
            compute.SumRows(sum, 150, dWeight);
            compute.AdamW(batch.DQ, sum, mean, variance, new AdamWStep(0.1f, 0.9f, 0.99f, 1e-8f, 0, step, 1));
            compute.CrossEntropy(batch.Y, 150, targets, ones, 1, gradient: true);
            compute.EmbedBackward(targets, batch.DY, sum);
            compute.Dropout(sum, 150, 0.1f, 1, sum);
            compute.SumOfSquares(sum);
        }, rounds: 60));
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using TrainingCompute compute = new(1);
        using Batch batch = new(8, 4, 2, 16, 1);
        (HostActivations q, HostActivations k, HostActivations v, HostActivations y, HostActivations sums) = (
            batch.Q,
            batch.K,
            batch.V,
            batch.Y,
            batch.LogSumExp);
        Assert.Throws<ArgumentException>(() => compute.AttendSegments(q, k, v, [], 16, y, sums));
        Assert.Throws<ArgumentException>(() => compute.AttendSegments(q, k, v, [1, 8], 16, y, sums));
        Assert.Throws<ArgumentException>(() => compute.AttendSegments(q, k, v, [0, 4, 4, 8], 16, y, sums));
        Assert.Throws<ArgumentException>(() => compute.AttendSegments(q, k, v, [0, 9], 16, y, sums));
        Assert.Throws<ArgumentException>(() => compute.AttendSegments(q, k, v, [0, 8], 24, y, sums));
        Assert.Throws<ArgumentException>(() => compute.AttendSegments(q, k, v, [0, 8], 32, y, sums));
        Assert.Throws<ArgumentException>(() => compute.AttendSegments(k, q, q, [0, 8], 16, k, sums));
        Assert.Throws<ArgumentException>(() => compute.AttendSegments(q, k, q, [0, 8], 16, y, sums));
        Assert.Throws<ArgumentException>(() => compute.AttendSegments(q, k, v, [0, 8], 16, q, sums));
        Assert.Throws<ArgumentOutOfRangeException>(() => compute.AttendSegments(q, k, v, [0, 8], 0, y, sums));
        Assert.Throws<ArgumentException>(() =>
            compute.AttendSegmentsBackward(q, k, v, y, sums, k, [0, 8], 16, batch.DQ, batch.DK, batch.DV));
        Assert.Throws<ArgumentException>(() =>
            compute.AttendSegmentsBackward(q, k, v, y, sums, batch.DY, [0, 8], 16, batch.DY, batch.DK, batch.DV));
        Assert.Throws<ArgumentException>(() =>
            compute.AttendSegmentsBackward(q, k, v, y, sums, batch.DY, [0, 8], 16, batch.DQ, batch.DK, batch.DK));
        compute.AttendSegments(q, k, v, [0], 16, y, sums);
        compute.AttendSegmentsBackward(q, k, v, y, sums, batch.DY, [0], 16, batch.DQ, batch.DK, batch.DV);
        Assert.All(y.Row(0).ToArray(), value => Assert.Equal(0, value));
    }

    /// <summary>Random operands, and room for what comes out; what is there before is NaN, as it must not matter.</summary>
    private sealed class Batch(int rows, int heads, int kvHeads, int length, float scale) : IDisposable
    {
        public HostActivations Q { get; } = Kernels.Matrix(rows, heads * length, 1, scale);

        public HostActivations K { get; } = Kernels.Matrix(rows, kvHeads * length, 10_000, scale);

        public HostActivations V { get; } = Kernels.Matrix(rows, kvHeads * length, 20_000);

        public HostActivations DY { get; } = Kernels.Matrix(rows, heads * length, 30_000);

        public HostActivations Y { get; } = new(rows, heads * length);

        public HostActivations LogSumExp { get; } = new(rows, heads);

        public HostActivations DQ { get; } = new(rows, heads * length);

        public HostActivations DK { get; } = new(rows, kvHeads * length);

        public HostActivations DV { get; } = new(rows, kvHeads * length);

        public void Run(Isa isa, int threads, ReadOnlySpan<int> segments)
        {
            using TrainingCompute compute = new(threads, isa);
            Run(compute, segments);
        }

        public void Run(TrainingCompute compute, ReadOnlySpan<int> segments)
        {
            for (int row = 0; row < rows; row++)
            {
                Y.Row(row).Fill(float.NaN);
                DQ.Row(row).Fill(float.NaN);
                DK.Row(row).Fill(float.NaN);
                DV.Row(row).Fill(float.NaN);
            }

            compute.AttendSegments(Q, K, V, segments, length, Y, LogSumExp);
            compute.AttendSegmentsBackward(Q, K, V, Y, LogSumExp, DY, segments, length, DQ, DK, DV);
        }

        public void Dispose()
        {
            foreach (HostActivations matrix in (HostActivations[])[Q, K, V, DY, Y, LogSumExp, DQ, DK, DV])
                matrix.Dispose();
        }
    }
}
