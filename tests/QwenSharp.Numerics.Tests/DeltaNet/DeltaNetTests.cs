namespace QwenSharp.Numerics.Tests;

/// <summary>Convolution and delta rule against double precision, and against themselves in other chunks, batches and threads.</summary>
public class DeltaNetTests
{
    private const float Epsilon = 1e-6f;
    private const int Tokens = 75;

    private static readonly DeltaNetShape[] _shapes =
    [
        new(2, 4, 128, 128, 4),
        new(2, 6, 16, 40, 4) { HasAlternatingKeyHeads = true },
        new(1, 1, 3, 5, 2),
        new(3, 3, 33, 32, 1),
        new(4, 8, 64, 100, 4),
    ];

    public static TheoryData<Isa> Isas => Kernels.Isas;

    [Theory]
    [MemberData(nameof(Isas))]
    public void A_sequence_gives_what_double_precision_gives(Isa isa)
    {
        using CpuCompute compute = new(1, isa);
        foreach (DeltaNetShape shape in _shapes)
        {
            Layer layer = new(shape, seed: 1);
            using HostRecurrentStore store = new(shape, layers: 2, slots: 3);
            Inputs inputs = new(shape, Tokens, seed: 2);
            float[][] actual = layer.Forward(compute, store, 1, [(inputs, 0, Tokens, 2)]).Single();
            double[][] expected = layer.Reference(inputs);
            Assert.InRange(RelativeError(expected, actual), 0, 1e-6);
        }
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Chunks_of_any_length_give_the_bits_of_single_steps(Isa isa)
    {
        using CpuCompute compute = new(2, isa);
        foreach (DeltaNetShape shape in _shapes)
        {
            Layer layer = new(shape, seed: 3);
            using HostRecurrentStore store = new(shape, layers: 1, slots: 1);
            Inputs inputs = new(shape, Tokens, seed: 4);
            float[][] expected = InChunks(1);
            foreach (int chunk in (int[])[2, 3, 4, 7, 64, Tokens])
                Assert.Equal(expected, InChunks(chunk));

            float[][] InChunks(int length)
            {
                List<float[]> outputs = [];
                for (int t = 0; t < Tokens; t += length)
                    outputs.AddRange(layer.Forward(compute, store, 0, [(inputs, t, Math.Min(length, Tokens - t), 0)]).Single());

                return [.. outputs];
            }
        }
    }

    [Fact]
    public void Other_sequences_and_threads_do_not_change_a_bit()
    {
        DeltaNetShape shape = _shapes[0];
        Layer layer = new(shape, seed: 5);
        Inputs[] inputs = [.. Enumerable.Range(0, 3).Select(i => new Inputs(shape, 30, seed: 10 * i))];
        using CpuCompute one = new(1), three = new(3);
        using HostRecurrentStore store = new(shape, layers: 1, slots: 4);
        float[][][] expected = [.. inputs.Select(input => layer.Forward(one, store, 0, [(input, 0, 30, 0)]).Single())];

        float[][][] first = layer.Forward(three, store, 0, [(inputs[0], 0, 11, 3), (inputs[1], 0, 1, 1), (inputs[2], 0, 30, 0)]);
        float[][][] second = layer.Forward(three, store, 0, [(inputs[1], 1, 29, 1), (inputs[0], 11, 19, 3)]);
        Assert.Equal(expected[0], [.. first[0], .. second[1]]);
        Assert.Equal(expected[1], [.. first[1], .. second[0]]);
        Assert.Equal(expected[2], first[2]);
    }

    [Fact]
    public void Instruction_sets_agree_closely()
    {
        DeltaNetShape shape = _shapes[0];
        Layer layer = new(shape, seed: 7);
        Inputs inputs = new(shape, Tokens, seed: 8);
        float[][][] results = [.. InstructionSets.Available.Select(isa =>
        {
            using CpuCompute compute = new(1, isa);
            using HostRecurrentStore store = new(shape, layers: 1, slots: 1);
            return layer.Forward(compute, store, 0, [(inputs, 0, Tokens, 0)]).Single();
        })];
        Assert.All(results, result =>
            Assert.InRange(RelativeError([.. results[0].Select(row => row.Select(value => (double)value).ToArray())], result), 0, 1e-6));
    }

    [Fact]
    public void Gates_at_their_ends_keep_and_forget()
    {
        // β = 0 writes nothing; β = 1 with α = 1 makes the state answer its last key with its last value; α = 0 forgets all before.
        DeltaNetShape shape = new(1, 1, 4, 4, 1);
        using CpuCompute compute = new(1);
        using HostRecurrentStore store = new(shape, layers: 1, slots: 1);
        using HostActivations convolved = new(3, shape.ConvolutionWidth), a = new(3, 1), b = new(3, 1), y = new(3, 4);
        float[] unit = [1, 0, 0, 0];
        for (int t = 0; t < 3; t++)
        {
            unit.CopyTo(convolved.Row(t));
            unit.CopyTo(convolved.Row(t)[4..]);
            convolved.Row(t)[8..].Fill(t + 1);
            b.Row(t)[0] = t == 1 ? float.NegativeInfinity : float.PositiveInfinity;
            a.Row(t)[0] = t == 2 ? 1e30f : float.NegativeInfinity;
        }

        compute.DeltaRule(store, 0, convolved, a, b, Kernels.Weights(-1f), Kernels.Weights(0f), 0, [new SequenceRows(0, 3, 0, [])], y);
        Assert.All(y.Row(0).ToArray(), value => Assert.Equal(0.5f, value));
        Assert.All(y.Row(1).ToArray(), value => Assert.Equal(0.5f, value));
        Assert.All(y.Row(2).ToArray(), value => Assert.Equal(1.5f, value));
        Assert.Equal([1f, 1f, 0f], [a.Row(0)[0], a.Row(1)[0], a.Row(2)[0]]);
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Gated_norms_and_gates_are_those_of_double_precision(Isa isa)
    {
        using CpuCompute compute = new(1, isa);
        foreach (int length in (int[])[1, 5, 16, 100, 128])
        {
            using HostActivations x = Kernels.Matrix(2, 3 * length, 1, 4),
                gate = Kernels.Matrix(2, 3 * length, 9, 20),
                y = Kernels.Matrix(2, 3 * length, 1, 4);
            float[] weight = Kernels.Random(length, 5);
            compute.NormalizeGated(y, 2, Kernels.Weights(weight), Epsilon, gate);
            for (int row = 0; row < 2; row++)
            {
                float[] input = x.Row(row).ToArray(), gates = gate.Row(row).ToArray();
                double[] expected = [.. input.Select((value, i) =>
                {
                    double mean = input.Skip(i / length * length).Take(length).Average(v => (double)v * v);
                    return value / Math.Sqrt(mean + Epsilon) * weight[i % length] * gates[i] / (1 + Math.Exp(-gates[i]));
                })];
                Kernels.Close(expected, y.Row(row), 2e-6);
            }

            x.Row(1).CopyTo(y.Row(0));
            compute.MultiplyBySigmoid(gate, 1, y);
            Kernels.Close([.. x.Row(1).ToArray().Select((value, i) => value / (1 + Math.Exp(-gate.Row(0)[i])))], y.Row(0), 2e-6);
        }
    }

    [Fact]
    public void Heads_in_pairs_are_taken_apart()
    {
        using CpuCompute compute = new(1);
        using HostActivations x = new(1, 12), first = new(1, 6), second = new(1, 6);
        ((float[])[0, 1, 2, 10, 11, 12, 3, 4, 5, 13, 14, 15]).CopyTo(x.Row(0));
        compute.SplitHeads(x, 1, 3, first, second);
        Assert.Equal([0, 1, 2, 3, 4, 5], first.Row(0).ToArray());
        Assert.Equal([10, 11, 12, 13, 14, 15], second.Row(0).ToArray());
        Assert.Throws<ArgumentException>(() => compute.SplitHeads(x, 1, 4, first, second));
        Assert.Throws<ArgumentException>(() => compute.SplitHeads(first, 1, 3, first, second));
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        DeltaNetShape shape = new(2, 4, 8, 8, 4);
        Layer layer = new(shape, 1);
        using CpuCompute compute = new(1);
        using HostRecurrentStore store = new(shape, 1, 1);
        using HostActivations x = new(2, shape.ConvolutionWidth),
            y = new(2, shape.ConvolutionWidth),
            heads = new(2, 4),
            o = new(2, shape.ValueWidth);
        SequenceRows[] rows = [new(0, 2, 0, [])];
        Assert.Throws<ArgumentException>(() => compute.Convolve(store, 0, x, layer.Taps, rows, x));
        Assert.Throws<ArgumentException>(() => compute.Convolve(store, 0, x, layer.Rate, rows, y));
        Assert.Throws<ArgumentException>(() => compute.Convolve(store, 0, heads, layer.Taps, rows, y));
        Assert.Throws<ArgumentOutOfRangeException>(() => compute.Convolve(store, 1, x, layer.Taps, rows, y));
        Assert.Throws<ArgumentException>(() => compute.Convolve(store, 0, x, layer.Taps, [new(0, 3, 0, [])], y));
        Assert.Throws<ArgumentException>(() => compute.Convolve(store, 0, x, layer.Taps, [new(0, 2, 0, [], Slot: 1)], y));
        Assert.Throws<ArgumentException>(() => compute.DeltaRule(store, 0, x, heads, heads, layer.Rate, layer.Taps, Epsilon, rows, o));
        Assert.Throws<ArgumentException>(() => compute.DeltaRule(store, 0, x, heads, o, layer.Rate, layer.Bias, Epsilon, rows, o));
        Assert.Throws<ArgumentException>(() => new HostRecurrentStore(new DeltaNetShape(3, 4, 8, 8, 4), 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new HostRecurrentStore(new DeltaNetShape(1, 4, 8, 8, 0), 1, 1));
    }

    private static double RelativeError(double[][] expected, float[][] actual)
    {
        double difference = 0, norm = 0;
        for (int t = 0; t < expected.Length; t++)
        {
            for (int i = 0; i < expected[t].Length; i++)
            {
                difference += Math.Pow(expected[t][i] - actual[t][i], 2);
                norm += Math.Pow(expected[t][i], 2);
            }
        }

        return Math.Sqrt(difference / norm);
    }

    /// <summary>What goes into a layer at each position of a sequence.</summary>
    private sealed class Inputs(DeltaNetShape shape, int tokens, int seed)
    {
        public float[][] X { get; } =
        [.. Enumerable.Range(0, tokens).Select(t => Kernels.Random(shape.ConvolutionWidth, seed + (3 * t), 2))];

        public float[][] A { get; } = [.. Enumerable.Range(0, tokens).Select(t => Kernels.Random(shape.ValueHeads, seed + (3 * t) + 1, 4))];

        public float[][] B { get; } = [.. Enumerable.Range(0, tokens).Select(t => Kernels.Random(shape.ValueHeads, seed + (3 * t) + 2, 4))];
    }

    private sealed class Layer
    {
        private readonly DeltaNetShape _shape;
        private readonly float[] _taps, _rate, _bias;

        public Layer(DeltaNetShape shape, int seed)
        {
            _shape = shape;
            _taps = Kernels.Random(shape.ConvolutionWidth * shape.Taps, seed);
            _rate = [.. Kernels.Random(shape.ValueHeads, seed + 1).Select(value => -Math.Abs(value) - 0.01f)];
            _bias = Kernels.Random(shape.ValueHeads, seed + 2);
            Taps = Tensor.Copy(
                "taps",
                TensorType.F32,
                [shape.ConvolutionWidth, shape.Taps],
                System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(_taps));
            (Rate, Bias) = (Kernels.Weights(_rate), Kernels.Weights(_bias));
        }

        public Tensor Taps { get; }

        public Tensor Rate { get; }

        public Tensor Bias { get; }

        /// <summary>The outputs of each sequence's rows.</summary>
        public float[][][] Forward(
            Compute compute,
            RecurrentStore store,
            int layer,
            (Inputs Inputs, int First, int Count, int Slot)[] parts)
        {
            int rows = parts.Sum(part => part.Count);
            using HostActivations x = new(rows, _shape.ConvolutionWidth),
                convolved = new(rows, _shape.ConvolutionWidth),
                y = new(rows, _shape.ValueWidth);
            using HostActivations a = new(rows, _shape.ValueHeads),
                b = new(rows, _shape.ValueHeads);
            List<SequenceRows> sequences = [];
            int row = 0;
            foreach ((Inputs inputs, int first, int count, int slot) in parts)
            {
                sequences.Add(new SequenceRows(row, count, first, [], slot));
                for (int t = first; t < first + count; t++, row++)
                {
                    inputs.X[t].CopyTo(x.Row(row));
                    inputs.A[t].CopyTo(a.Row(row));
                    inputs.B[t].CopyTo(b.Row(row));
                }
            }

            SequenceRows[] batch = [.. sequences];
            compute.Convolve(store, layer, x, Taps, batch, convolved);
            compute.DeltaRule(store, layer, convolved, a, b, Rate, Bias, Epsilon, batch, y);
            return
            [
                .. batch.Select(sequence => Enumerable.Range(sequence.FirstRow, sequence.Rows).Select(r => y.Row(r).ToArray()).ToArray()),
            ];
        }

        public double[][] Reference(Inputs inputs)
        {
            static double[][] Double(IEnumerable<float[]> rows) => [.. rows.Select(row => row.Select(value => (double)value).ToArray())];
            double[][] convolved = DeltaNetReference.Convolve(Double(inputs.X), Double(_taps.Chunk(_shape.ConvolutionWidth)));
            return DeltaNetReference.DeltaRule(_shape, convolved, Double(inputs.A), Double(inputs.B), [.. _rate], [.. _bias], Epsilon);
        }
    }
}
