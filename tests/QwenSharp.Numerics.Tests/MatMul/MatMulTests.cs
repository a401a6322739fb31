using QwenSharp.Tests;

namespace QwenSharp.Numerics.Tests;

public class MatMulTests
{
    private static readonly int[] TokenCounts = [1, 2, 3, 4, 5, 7, 8, 17, 64];

    public static TheoryData<TensorType> Types => [.. Enum.GetValues<TensorType>().Where(type => type.HasMatrixProduct())];

    private static IEnumerable<Isa> Vectors => InstructionSets.Available.Where(isa => isa != Isa.Scalar);

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_instruction_set_gives_the_bits_of_the_scalar_one_for_every_shape(TensorType type)
    {
        int block = Math.Max(type.BlockLength(), 32);
        int[] widths = type.BlockLength() == 1 ? [1, 7, 32, 100, 256, 530] : [block, 3 * block, 256, 768];
        int seed = 1;
        foreach (int width in widths)
        {
            foreach (int rows in new[] { 1, 3, 16, 37, 80 })
            {
                using HostActivations x = Samples.Activations(17, width, ++seed);
                Tensor weight = Samples.Weights(type, width, rows, ++seed);
                float[][] expected = Multiply(Isa.Scalar, 1, x, 17, weight);
                foreach (Isa isa in Vectors)
                    AssertSame(expected, Multiply(isa, 2, x, 17, weight), $"{isa} {type} {width}×{rows}");
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"Ran {string.Join(", ", Vectors)} against scalar.");
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_tokens_result_does_not_depend_on_the_batch_or_the_threads(TensorType type)
    {
        using HostActivations x = Samples.Activations(64, 512, seed: 3);
        Tensor weight = Samples.Weights(type, 512, 150, seed: 4);
        foreach (Isa isa in Vectors)
        {
            float[][] whole = Multiply(isa, 3, x, 64, weight);
            foreach (int tokens in TokenCounts)
                AssertSame(whole[..tokens], Multiply(isa, tokens % 3 + 1, x, tokens, weight), $"{isa} {type} {tokens} tokens");
        }
    }

    [Fact]
    public void More_tokens_than_a_task_holds_give_the_same_results()
    {
        using HostActivations x = Samples.Activations(700, 256, seed: 5);
        Tensor weight = Samples.Weights(TensorType.Q4_K, 256, 40, seed: 6);
        foreach (Isa isa in Vectors)
            AssertSame(Multiply(Isa.Scalar, 1, x, 700, weight), Multiply(isa, 2, x, 700, weight), $"{isa}");
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void The_product_is_that_of_the_dequantised_weights_within_the_activations_rounding(TensorType type)
    {
        const int Width = 1024, Rows = 24, Tokens = 3;
        using HostActivations x = Samples.Activations(Tokens, Width, seed: 7);
        Tensor weight = Samples.Weights(type, Width, Rows, seed: 8);
        float[] line = new float[Width];
        foreach (Isa isa in InstructionSets.Available)
        {
            float[][] y = Multiply(isa, 1, x, Tokens, weight);
            for (int token = 0; token < Tokens; token++)
            {
                for (int row = 0; row < Rows; row++)
                {
                    Quantization.Dequantize(type, weight.RowData(row), line);
                    double exact = 0, squares = 0;
                    for (int i = 0; i < Width; i++)
                    {
                        exact += (double)line[i] * x.Row(token)[i];
                        squares += (double)line[i] * line[i];
                    }

                    // Activations up to about 4 rounded in steps of 4 / 127: a uniform error of that step, times weights of this length.
                    double tolerance =
                        type.BlockLength() == 1 ? 1e-6 * Math.Sqrt(squares * Width) : 5 * 4.0 / 127 / Math.Sqrt(12) * Math.Sqrt(squares);
                    Assert.InRange(Math.Abs(y[token][row] - exact), 0, tolerance);
                }
            }
        }
    }

    [Fact]
    public void Several_products_of_mixed_types_share_one_call_with_scale_bias_and_accumulation()
    {
        const float Scale = 0.7f;
        using HostActivations x = Samples.Activations(5, 512, seed: 9);
        TensorType[] types = [TensorType.Q4_K, TensorType.Q8_0, TensorType.Q5_1, TensorType.F16, TensorType.Q6_K];
        float[] bias = Samples.Gaussian(50, seed: 10);
        Tensor biasTensor = Tensor.Copy("bias", TensorType.F32, [50], System.Runtime.InteropServices.MemoryMarshal.AsBytes(bias.AsSpan()));
        Tensor[] weights = [.. types.Select((type, i) => Samples.Weights(type, 512, 50, seed: 11 + i))];
        foreach (Isa isa in InstructionSets.Available)
        {
            using CpuCompute compute = new(2, isa);
            HostActivations[] outputs = [.. weights.Select((_, i) => Samples.Activations(5, 50, seed: 20 + i))];
            compute.Project(
                x, 5, [.. weights.Select((weight, i) => new Projection(weight, outputs[i], biasTensor, Accumulate: true, Scale))]);
            for (int i = 0; i < weights.Length; i++)
            {
                float[][] plain = Multiply(Isa.Scalar, 1, x, 5, weights[i]);
                using HostActivations before = Samples.Activations(5, 50, seed: 20 + i);
                for (int token = 0; token < 5; token++)
                {
                    for (int row = 0; row < 50; row++)
                        Assert.Equal(before.Row(token)[row] + ((plain[token][row] * Scale) + bias[row]), outputs[i].Row(token)[row]);
                }

                outputs[i].Dispose();
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Any_bytes_are_weights_and_harm_nothing(TensorType type)
    {
        // Every code, infinite and NaN scales, subnormals; NaN may have any sign and payload.
        int width = 512;
        byte[] data = new byte[type.Bytes(width * 40)];
        new Random(12).NextBytes(data);
        if (type == TensorType.Q8_0)
            data.AsSpan(2, 32).Fill(0x80);

        Tensor weight = Tensor.Copy("noise", type, [width, 40], data);
        using HostActivations x = Samples.Activations(4, width, seed: 13, scale: 100);
        x.Row(1).Clear();
        x.Row(2)[3] = float.PositiveInfinity;
        x.Row(3)[5] = float.NaN;
        float[][] expected = Multiply(Isa.Scalar, 1, x, 4, weight);
        foreach (Isa isa in Vectors)
        {
            AssertSame(expected, Multiply(isa, 1, x, 4, weight), $"{isa} {type}");
            AssertSame(expected[..1], Multiply(isa, 1, x, 1, weight), $"{isa} {type}, one token");
        }

        if (type.BlockLength() > 1)
            Assert.All(expected[3], value => Assert.True(float.IsNaN(value)));
    }

    [Fact]
    public void A_decode_step_on_vectors_allocates_nothing()
    {
        using HostActivations x = Samples.Activations(1, 1024, seed: 14), y = new(1, 256), z = new(1, 256);
        Tensor a = Samples.Weights(TensorType.Q4_K, 1024, 256, seed: 15), b = Samples.Weights(TensorType.Q8_0, 1024, 256, seed: 16);
        foreach (Isa isa in Vectors)
        {
            using CpuCompute compute = new(2, isa);
            Assert.Equal(0, Allocations.Least(() =>
            {
                for (int i = 0; i < 10; i++)
                    compute.Project(x, 1, new Projection(a, y), new Projection(b, z));
            }));
        }
    }

    [Fact]
    public void Shapes_and_types_that_do_not_fit_are_refused()
    {
        using CpuCompute compute = new(1);
        using HostActivations x = new(2, 256), y = new(2, 8), narrow = new(2, 7);
        Tensor weight = Samples.Weights(TensorType.Q4_K, 256, 8, seed: 17);
        Tensor integers = Tensor.Copy("ids", TensorType.I32, [256, 8], new byte[256 * 8 * 4]);
        Assert.Throws<ArgumentException>(() => compute.Project(x, 2, new Projection(weight, narrow)));
        Assert.Throws<ArgumentException>(() => compute.Project(x, 3, new Projection(weight, y)));
        Assert.Throws<ArgumentException>(() => compute.Project(x, 2, new Projection(integers, y)));
        Assert.Throws<ArgumentException>(() => compute.Project(x, 2, new Projection(weight, y, Bias: weight)));
        Assert.ThrowsAny<ArgumentException>(() => compute.Project(x, -1, new Projection(weight, y)));
        compute.Project(x, 0, new Projection(weight, y));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Embedding_rows_are_the_dequantised_ones(TensorType type)
    {
        using CpuCompute compute = new(1);
        Tensor table = Samples.Weights(type, 256, 10, seed: 18);
        using HostActivations y = new(3, 256);
        compute.Embed(table, [7, 0, 9], y);
        float[] line = new float[256];
        Quantization.Dequantize(type, table.RowData(9), line);
        Assert.Equal(line, y.Row(2).ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => compute.Embed(table, [10], y));
        Assert.Throws<ArgumentOutOfRangeException>(() => compute.Embed(table, [-1], y));
        Assert.Throws<ArgumentException>(() => compute.Embed(table, [1, 2, 3, 4], y));
    }

    private static float[][] Multiply(Isa isa, int threads, HostActivations x, int tokens, Tensor weight)
    {
        using CpuCompute compute = new(threads, isa);
        using HostActivations y = new(tokens, weight.Rows);
        compute.Project(x, tokens, new Projection(weight, y));
        return [.. Enumerable.Range(0, tokens).Select(token => y.Row(token).ToArray())];
    }

    private static void AssertSame(float[][] expected, float[][] actual, string what)
    {
        for (int token = 0; token < expected.Length; token++)
        {
            for (int row = 0; row < expected[token].Length; row++)
            {
                float e = expected[token][row], a = actual[token][row];
                bool same = BitConverter.SingleToInt32Bits(e) == BitConverter.SingleToInt32Bits(a) || float.IsNaN(e) && float.IsNaN(a);
                Assert.True(same, $"{what}, token {token}, row {row}: {a:R} instead of {e:R}");
            }
        }
    }
}
