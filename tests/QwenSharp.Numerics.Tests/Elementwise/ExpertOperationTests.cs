namespace QwenSharp.Numerics.Tests;

/// <summary>Rows that go to experts and come back weighted.</summary>
public class ExpertOperationTests
{
    public static TheoryData<Isa> Isas => Kernels.Isas;

    [Theory]
    [MemberData(nameof(Isas))]
    public void Weighted_rows_are_added_in_their_order(Isa isa)
    {
        const int Rows = 40, Each = 3, Width = 517, Picks = 30;
        using CpuCompute compute = new(3, isa);
        using HostActivations x = Kernels.Matrix(Picks, Width, 1),
            y = Kernels.Matrix(Rows, Width, 100),
            before = Kernels.Matrix(Rows, Width, 100);
        Random random = new(4);
        int[] picks = [.. Enumerable.Range(0, Rows * Each).Select(_ => random.Next(Picks))];
        float[] weights = Kernels.Random(Rows * Each, 5, 2);
        compute.AddWeighted(x, picks, weights, Each, y);
        for (int row = 0; row < Rows; row++)
        {
            float[] expected = before.Row(row).ToArray();
            for (int i = row * Each; i < (row + 1) * Each; i++)
            {
                for (int column = 0; column < Width; column++)
                    expected[column] = MathF.FusedMultiplyAdd(x.Row(picks[i])[column], weights[i], expected[column]);
            }

            for (int column = 0; column < Width; column++)
                Assert.Equal(expected[column], y.Row(row)[column], 1e-5f);
        }
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void A_rows_experts_do_not_depend_on_the_batch_or_the_threads(Isa isa)
    {
        const int Rows = 150, Experts = 130;
        ExpertChoice choice = new(Experts, 7, Normalizes: true, Scale: 2.5f);
        using CpuCompute many = new(3, isa), one = new(1, isa);
        using HostActivations together = Kernels.Matrix(Rows, Experts, 3, 2), alone = new(1, Experts);
        using HostActivations scores = Kernels.Matrix(Rows, Experts, 3, 2);
        ExpertRouting all = new(Rows, choice), single = new(1, choice);
        many.Route(together, Rows, all);
        for (int row = 0; row < Rows; row++)
        {
            scores.Row(row).CopyTo(alone.Row(0));
            one.Route(alone, 1, single);
            Kernels.SameBits(single.Weights, all.Weights.Slice(row * choice.Used, choice.Used));
            Kernels.SameBits(alone.Row(0), together.Row(row));
        }

        Assert.Throws<ArgumentException>(() => one.Route(alone, 2, single));
        Assert.Throws<ArgumentException>(() => one.Route(alone, 1, new ExpertRouting(1, new ExpertChoice(Experts + 1, 1))));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExpertRouting(1, new ExpertChoice(3, 4)));
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void A_gate_scales_its_row_by_its_sigmoid(Isa isa)
    {
        using CpuCompute compute = new(2, isa);
        using HostActivations x = Kernels.Matrix(5, 37, 1), before = Kernels.Matrix(5, 37, 1), gate = new(5, 1);
        float[] gates = [0, -3.5f, 2.25f, -200, 200];
        for (int row = 0; row < gates.Length; row++)
            gate.Row(row)[0] = gates[row];

        compute.ScaleBySigmoid(x, gate, 4);
        for (int row = 0; row < 4; row++)
        {
            Kernels.Close(
                [.. before.Row(row).ToArray().Select(value => value / (1 + Math.Exp(-(double)gates[row])))],
                x.Row(row),
                3e-7,
                floor: 1e-30);
        }

        Kernels.SameBits(before.Row(4), x.Row(4));
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Many_rows_are_gathered_as_few_are(Isa isa)
    {
        using CpuCompute compute = new(3, isa);
        using HostActivations x = Kernels.Matrix(7, 301, 1), y = new(400, 301);
        int[] rows = [.. Enumerable.Range(0, 400).Select(i => i * 5 % 7)];
        compute.Gather(x, rows, y);
        for (int i = 0; i < rows.Length; i++)
            Kernels.SameBits(x.Row(rows[i]), y.Row(i));
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        using CpuCompute compute = new(1);
        using HostActivations x = new(4, 8), y = new(2, 8), narrow = new(4, 7), gate = new(4, 1);
        Assert.Throws<ArgumentException>(() => compute.AddWeighted(x, [0, 1], [1f, 1f], 2, x));
        Assert.Throws<ArgumentException>(() => compute.AddWeighted(x, [0, 1], [1f, 1f], 2, narrow));
        Assert.Throws<ArgumentException>(() => compute.AddWeighted(x, [0, 1, 2], [1f, 1f, 1f], 2, y));
        Assert.Throws<ArgumentException>(() => compute.AddWeighted(x, [0, 1], [1f], 2, y));
        Assert.Throws<ArgumentException>(() => compute.AddWeighted(x, [0, 1, 2], [1f, 1f, 1f], 1, y));
        Assert.Throws<ArgumentOutOfRangeException>(() => compute.AddWeighted(x, [0, 4], [1f, 1f], 2, y));
        Assert.Throws<ArgumentOutOfRangeException>(() => compute.AddWeighted(x, [], [], 0, y));
        Assert.Throws<ArgumentException>(() => compute.ScaleBySigmoid(x, narrow, 1));
        Assert.Throws<ArgumentException>(() => compute.ScaleBySigmoid(x, gate, 5));
    }
}
