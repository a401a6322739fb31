using FsCheck;
using FsCheck.Fluent;

namespace QwenSharp.Numerics.Tests;

public class MatMulProperties
{
    private static readonly TensorType[] Types = [.. Enum.GetValues<TensorType>().Where(type => type.HasMatrixProduct())];

    [Fact]
    public void Any_shape_batch_and_thread_count_gives_the_scalar_bits()
    {
        Gen<(TensorType Type, int Blocks, int Rows, int Tokens, int Threads, int Seed)> cases =
            from type in Gen.Elements(Types)
            from blocks in Gen.Choose(1, type.BlockLength() == 1 ? 300 : type.BlockLength() < 256 ? 640 / type.BlockLength() : 4)
            from rows in Gen.Choose(1, 70)
            from tokens in Gen.Choose(1, 9)
            from threads in Gen.Choose(1, 4)
            from seed in Gen.Choose(0, int.MaxValue)
            select (type, blocks, rows, tokens, threads, seed);
        Prop.ForAll(cases.ToArbitrary(), drawn =>
        {
            (TensorType type, int blocks, int rows, int tokens, int threads, int seed) = drawn;
            int columns = blocks * type.BlockLength();
            using HostActivations x = Samples.Activations(tokens, columns, seed, scale: 3);
            Tensor weight = Samples.Weights(type, columns, rows, seed ^ 1);
            float[] expected = Multiply(Isa.Scalar, 1, x, tokens, weight);
            return InstructionSets.Available.All(isa => expected.AsSpan().SequenceEqual(Multiply(isa, threads, x, tokens, weight)));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(Replay));
    }

    private static Replay Replay => new(new Rnd(20260101UL, 1UL), null);

    private static float[] Multiply(Isa isa, int threads, HostActivations x, int tokens, Tensor weight)
    {
        using CpuCompute compute = new(threads, isa);
        using HostActivations y = new(tokens, weight.Rows);
        compute.Project(x, tokens, new Projection(weight, y));
        return [.. Enumerable.Range(0, tokens).SelectMany(token => y.Row(token).ToArray())];
    }
}
