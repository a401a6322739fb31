using FsCheck;
using FsCheck.Fluent;

namespace QwenSharp.Numerics.Tests;

/// <summary>Products of some rows of a batch: what experts do.</summary>
public class RowRangeTests
{
    private static readonly TensorType[] _types = [.. Enum.GetValues<TensorType>().Where(type => type.HasMatrixProduct())];

    [Fact]
    public void Groups_of_rows_give_the_bits_that_each_row_gives_alone()
    {
        Gen<(TensorType Type, int[] Groups, int Rows, int Threads, int Seed)> cases =
            from type in Gen.Elements(_types)
            from groups in Gen.ArrayOf(Gen.Choose(0, 6), 7)
            from rows in Gen.Choose(1, 50)
            from threads in Gen.Choose(1, 3)
            from seed in Gen.Choose(0, int.MaxValue)
            select (type, groups, rows, threads, seed);
        Prop.ForAll(cases.ToArbitrary(), drawn => Check(drawn.Type, drawn.Groups, drawn.Rows, drawn.Threads, drawn.Seed))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(80).WithReplay(new Replay(new Rnd(20261122UL, 1UL), null)));
    }

    private static bool Check(TensorType type, int[] groups, int rows, int threads, int seed)
    {
        const int Width = 512;
        int tokens = groups.Sum();
        using HostActivations x = Samples.Activations(Math.Max(tokens, 1), Width, seed),
            y = new(Math.Max(tokens, 1), rows),
            alone = new(1, Width),
            expected = new(1, rows);
        Tensor[] weights = [.. groups.Select((_, i) => Samples.Weights(type, Width, rows, seed ^ i))];
        foreach (Isa isa in InstructionSets.Available)
        {
            using CpuCompute compute = new(threads, isa), scalar = new(1, Isa.Scalar);
            int first = 0;
            compute.Project(
                x,
                tokens,
                [.. groups.Select((count, i) => new Projection(weights[i], y) { Rows = new RowRange((first += count) - count, count) })]);
            int row = 0;
            for (int group = 0; group < groups.Length; group++)
            {
                for (int i = 0; i < groups[group]; i++, row++)
                {
                    x.Row(row).CopyTo(alone.Row(0));
                    scalar.Project(alone, 1, new Projection(weights[group], expected));
                    if (!expected.Row(0).SequenceEqual(y.Row(row)))
                        return false;
                }
            }
        }

        return true;
    }

    [Fact]
    public void Other_rows_stay_as_they_are()
    {
        Tensor weight = Samples.Weights(TensorType.Q4_K, 256, 20, seed: 2);
        foreach (Isa isa in InstructionSets.Available)
        {
            using CpuCompute compute = new(1, isa);
            using HostActivations x = Samples.Activations(5, 256, seed: 1),
                y = Samples.Activations(5, 20, seed: 3),
                before = Samples.Activations(5, 20, seed: 3);
            compute.Project(x, 5, new Projection(weight, y, Accumulate: true) { Rows = new RowRange(1, 2) });
            Assert.All((int[])[0, 3, 4], row => Kernels.SameBits(before.Row(row), y.Row(row)));
            Assert.All((int[])[1, 2], row => Assert.False(before.Row(row).SequenceEqual(y.Row(row))));
        }
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, -1)]
    [InlineData(2, 2)]
    [InlineData(int.MaxValue, 1)]
    [InlineData(1, int.MaxValue)]
    public void Rows_that_are_not_there_are_refused(int first, int count)
    {
        using CpuCompute compute = new(1);
        using HostActivations x = new(4, 256), y = new(4, 8);
        Tensor weight = Samples.Weights(TensorType.F32, 256, 8, seed: 2);
        Assert.Throws<ArgumentException>(() => compute.Project(x, 3, new Projection(weight, y) { Rows = new RowRange(first, count) }));
    }
}
