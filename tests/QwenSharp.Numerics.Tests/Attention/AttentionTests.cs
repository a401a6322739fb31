using QwenSharp.Tests;

namespace QwenSharp.Numerics.Tests;

public class AttentionTests
{
    public static TheoryData<Isa> Isas => Kernels.Isas;

    public static TheoryData<Isa, TensorType> IsasAndTypes
    {
        get
        {
            TheoryData<Isa, TensorType> all = [];
            foreach (Isa isa in InstructionSets.Available)
            {
                foreach (TensorType type in KvStore.Types)
                    all.Add(isa, type);
            }

            return all;
        }
    }

    public static TheoryData<Isa, TensorType, int, int, int> Shapes
    {
        get
        {
            TheoryData<Isa, TensorType, int, int, int> shapes = [];
            foreach (Isa isa in InstructionSets.Available)
            {
                foreach (TensorType type in KvStore.Types)
                {
                    (int Heads, int KvHeads, int Length)[] all =
                        [(4, 2, 128), (2, 2, 16), (3, 1, 32), (8, 2, 80), (7, 1, 64), (40, 1, 4), (2, 1, 256), (5, 5, 36)];
                    foreach ((int heads, int kvHeads, int length) in all.Where(shape => KvStore.Holds(type, shape.Length)))
                        shapes.Add(isa, type, heads, kvHeads, length);
                }
            }

            return shapes;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Attention_is_that_of_double_precision(Isa isa, TensorType type, int heads, int kvHeads, int length)
    {
        // The second sequence has queries and keys large enough that few positions take all the weight.
        foreach ((int tokens, float scale) in new[] { (1, 1f), (33, 1f), (71, 6f), (150, 1f) })
        {
            AttentionReference sequence = new(type, heads, kvHeads, length, tokens, seed: tokens, scale);
            float[][] rows = Run(isa, 2, type, heads, kvHeads, length, [sequence], [tokens])[0];
            for (int position = 0; position < tokens; position += Math.Max(1, tokens / 9))
                Kernels.Close(sequence.Output(position), rows[position], scale == 1 ? 3e-6 : 2e-5, floor: 1);
        }
    }

    [Theory]
    [MemberData(nameof(IsasAndTypes))]
    public void Long_sequences_go_over_parts(Isa isa, TensorType type)
    {
        const int Tokens = (2 * AttentionTile.PartTokens) + 77;
        AttentionReference sequence = new(type, 2, 1, 32, Tokens, seed: 5, scale: 2);
        float[][] rows = Run(isa, 2, type, 2, 1, 32, [sequence], [512])[0];
        foreach (int position in new[] { 1000, 1023, 1024, 1025, 2047, 2048, Tokens - 1 })
            Kernels.Close(sequence.Output(position), rows[position], 5e-6, floor: 1);
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void A_row_is_the_same_to_the_bit_in_any_chunk_batch_and_number_of_threads(Isa isa)
    {
        foreach (
            (TensorType type, int heads, int kvHeads, int length) in new[]
            {
                (TensorType.F16, 4, 2, 64),
                (TensorType.F32, 6, 2, 20),
                (TensorType.F16, 3, 3, 80),
                (TensorType.BF16, 6, 2, 20),
                (TensorType.BF16, 4, 2, 64),
                (TensorType.Q8_0, 4, 2, 64),
                (TensorType.Q8_0, 3, 3, 96),
            })
        {
            AttentionReference[] sequences =
            [
                .. new[] { 130, 47, 1, 200 }.Select((tokens, i) => new AttentionReference(type, heads, kvHeads, length, tokens, 10 * i)),
            ];
            float[][][] whole = Run(isa, 1, type, heads, kvHeads, length, sequences, [1000]);
            foreach (int[] chunks in new int[][] { [1], [7], [32], [31, 1, 100, 2, 5], [45, 3] })
                Same(whole, Run(isa, 3, type, heads, kvHeads, length, sequences, chunks));

            for (int i = 0; i < sequences.Length; i++)
                Same([whole[i]], Run(isa, 2, type, heads, kvHeads, length, [sequences[i]], [64]));
        }
    }

    [Theory]
    [MemberData(nameof(IsasAndTypes))]
    public void Parts_done_by_many_threads_give_the_bits_of_one(Isa isa, TensorType type)
    {
        const int Tokens = AttentionTile.PartTokens + 600;
        AttentionReference sequence = new(type, 4, 1, 32, Tokens, seed: 3, scale: 2);

        // Nine threads and few rows a step: parts are tasks. One thread: they follow one another.
        float[][][] serial = Run(isa, 1, type, 4, 1, 32, [sequence], [Tokens]);
        Same(serial, Run(isa, 9, type, 4, 1, 32, [sequence], [Tokens - 60, 1, 1, 9, 1]));
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Numbers_that_are_none_show_and_stay_in_their_sequence(Isa isa)
    {
        foreach (TensorType type in KvStore.Types)
        {
            AttentionReference good = new(type, 2, 1, 32, 70, seed: 1),
                bad = new(type, 2, 1, 32, 70, seed: 2),
                worse = new(type, 2, 1, 32, 70, seed: 2);
            float[][][] alone = Run(isa, 2, type, 2, 1, 32, [good], [16]);
            bad.Values[(40 * 32) + 3] = float.NaN;
            worse.Keys[(40 * 32) + 3] = float.NaN;
            float[][][] rows = Run(isa, 2, type, 2, 1, 32, [bad, good, worse], [16]);
            Same(alone, [rows[1]]);
            Assert.All(rows[0][..32].Concat(rows[2][..32]), row => Assert.All(row, value => Assert.True(float.IsFinite(value))));

            // In Q8_0 the block that has one is none altogether.
            Assert.All(
                rows[0][40..],
                row => Assert.True(float.IsNaN(row[3]) && float.IsFinite(row[4]) == (type != TensorType.Q8_0)));
            Assert.All(rows[2][40..], row => Assert.All(row, value => Assert.True(float.IsNaN(value))));
        }
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void A_block_that_is_taken_over_is_as_good_as_new(Isa isa)
    {
        using CpuCompute compute = new(1, isa);
        using HostKvStore store = new(TensorType.F16, 1, 1, 16, 1);
        using HostActivations rows = Kernels.Matrix(3, 16, 1), poison = new(32, 16), y = new(3, 16), again = new(3, 16);
        compute.StoreKeysAndValues(store, 0, rows, rows, [new(0, 3, 0, [0])]);
        compute.Attend(store, 0, rows, [new(0, 3, 0, [0])], y);

        for (int row = 0; row < 32; row++)
            poison.Row(row).Fill(float.NaN);

        compute.StoreKeysAndValues(store, 0, poison, poison, [new(0, 32, 0, [0])]);
        Assert.False(store.IsFinite(0, 0, 0));
        compute.StoreKeysAndValues(store, 0, rows, rows, [new(0, 3, 0, [0])]);
        Assert.True(store.IsFinite(0, 0, 0));
        compute.Attend(store, 0, rows, [new(0, 3, 0, [0])], again);
        for (int row = 0; row < 3; row++)
            Kernels.SameBits(y.Row(row), again.Row(row));
    }

    [Theory]
    [MemberData(nameof(IsasAndTypes))]
    public unsafe void A_block_lies_in_memory_as_its_scalar_twin_writes_it(Isa isa, TensorType type)
    {
        byte[] twin = Written(Isa.Scalar, type), block = Written(isa, type);
        Assert.Equal(2 * 64 * KvStore.BlockTokens * type.BlockBytes() / type.BlockLength(), block.Length);
        Assert.Equal(twin, block);

        static byte[] Written(Isa isa, TensorType type)
        {
            using CpuCompute compute = new(1, isa);
            using HostKvStore store = new(type, 1, 1, 64, 2);
            using HostActivations keys = Kernels.Matrix(32, 64, 1), values = Kernels.Matrix(32, 64, 2);
            float[] edges = [0, -0f, float.NaN, 65504, 65520, -1e5f, 1e-8f, -6e-8f, 3e38f, 1e9f, 1 + (1 / 256f), 1 + (3 / 256f), 1e-42f];
            edges.CopyTo(keys.Row(3));
            edges.CopyTo(values.Row(4)[20..]);
            keys.Row(5).Clear();
            values.Row(6).Fill(1e-7f);
            keys.Row(7)[40] = float.PositiveInfinity;
            keys.Row(8).Fill(0.5f);
            keys.Row(8)[1] = 63.5f;
            values.Row(9)[0] = BitConverter.Int32BitsToSingle(0x7F80_0001);
            compute.StoreKeysAndValues(store, 0, keys, values, [new(0, 32, 0, [0])]);
            store.Copy(0, 1);
            Assert.Equal(store.IsFinite(0, 0, 0), store.IsFinite(1, 0, 0));
            return new ReadOnlySpan<byte>(store.Keys(1, 0, 0), (int)store.BlockBytes).ToArray();
        }
    }

    [Fact]
    public void Nothing_is_allocated_once_the_shape_is_known()
    {
        using CpuCompute compute = new(2);
        using HostKvStore store = new(TensorType.F16, 1, 2, 64, 8);
        using HostActivations queries = Kernels.Matrix(40, 256, 1),
            keys = Kernels.Matrix(40, 128, 2),
            values = Kernels.Matrix(40, 128, 3),
            y = new(40, 256),
            x = new(40, 256);
        Tensor weight = Kernels.Weights(Kernels.Random(256, 1));
        SequenceRows[] batch = [new(0, 40, 100, [3, 1, 2, 5, 0])];
        Assert.Equal(0, Allocations.Least(() =>
        {
            compute.RmsNorm(queries, 40, weight, 1e-6f, x);
            compute.SwiGlu(x, queries, 40, x);
            compute.Add(queries, 40, x);
            compute.StoreKeysAndValues(store, 0, keys, values, batch);
            compute.Attend(store, 0, queries, batch, y);
            compute.ArgMax(y.Row(3));
            compute.LogSumExp(y.Row(3));
        }, rounds: 60));
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using CpuCompute compute = new(1);
        using HostKvStore store = new(TensorType.F16, 2, 2, 16, 3);
        using HostActivations rows = new(4, 64), other = new(4, 64), keys = new(4, 32), odd = new(4, 48);
        int[] blocks = [0, 1];
        Assert.Throws<ArgumentException>(() => compute.Attend(store, 0, rows, [new(0, 1, 0, blocks)], rows));
        Assert.Throws<ArgumentException>(() => compute.Attend(store, 0, odd, [new(0, 1, 0, blocks)], odd));
        Assert.Throws<ArgumentException>(() => compute.StoreKeysAndValues(store, 0, rows, keys, [new(0, 1, 0, blocks)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => compute.Attend(store, 2, rows, [new(0, 1, 0, blocks)], other));
        Assert.Throws<ArgumentException>(() => compute.Attend(store, 0, rows, [new(2, 3, 0, blocks)], other));
        Assert.Throws<ArgumentException>(() => compute.Attend(store, 0, rows, [new(-1, 1, 0, blocks)], other));
        Assert.Throws<ArgumentException>(() => compute.Attend(store, 0, rows, [new(0, 1, 64, blocks)], other));
        Assert.Throws<ArgumentException>(() => compute.Attend(store, 0, rows, [new(0, 1, 32, [0, 3])], other));
        Assert.Throws<ArgumentException>(() => compute.StoreKeysAndValues(store, 0, keys, keys, [new(0, 1, 0, [-1])]));
        Assert.Throws<ArgumentException>(() => new HostKvStore(TensorType.Q4_0, 1, 1, 32, 1));
        Assert.Contains(
            "whole blocks of 32",
            Assert.Throws<ArgumentException>(() => new HostKvStore(TensorType.Q8_0, 1, 1, 80, 1)).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new HostKvStore(TensorType.F16, 1, 1, 0, 1));
    }

    /// <summary>
    /// Runs sequences to their ends, in steps that each take a chunk (in turn) of every sequence, and returns [sequence][position] rows.
    /// The store is full of NaN at first, and its blocks are handed out in a disorderly way.
    /// </summary>
    private static unsafe float[][][] Run(
        Isa isa, int threads, TensorType type, int heads, int kvHeads, int length, AttentionReference[] sequences, int[] chunks)
    {
        using CpuCompute compute = new(threads, isa);
        int[] needed = [.. sequences.Select(sequence => (sequence.Tokens + KvStore.BlockTokens - 1) / KvStore.BlockTokens)];
        using HostKvStore store = new(type, 2, kvHeads, length, needed.Sum() + 1);
        new Span<byte>(store.Keys(0, 0, 0), (int)(store.Blocks * store.BlockBytes)).Fill(0xFF);

        int[] numbers = [.. Enumerable.Range(0, store.Blocks)];
        new Random(1).Shuffle(numbers);
        int[][] blocks = [.. needed.Select((count, i) => numbers.AsSpan(needed[..i].Sum(), count).ToArray())];

        int[] done = new int[sequences.Length];
        float[][][] outputs = [.. sequences.Select(sequence => new float[sequence.Tokens][])];
        int capacity = chunks.Max() * sequences.Length;
        using HostActivations queries = new(capacity, heads * length),
            keys = new(capacity, kvHeads * length),
            values = new(capacity, kvHeads * length),
            y = new(capacity, heads * length);
        for (int step = 0; !done.SequenceEqual(sequences.Select(sequence => sequence.Tokens)); step++)
        {
            List<SequenceRows> batch = [];
            List<int> who = [];
            int row = 0;
            for (int i = 0; i < sequences.Length; i++)
            {
                int rows = Math.Min(chunks[(step + i) % chunks.Length], sequences[i].Tokens - done[i]);
                if (rows == 0)
                    continue;

                sequences[i].CopyTo(done[i], rows, queries, keys, values, row);
                batch.Add(new SequenceRows(row, rows, done[i], blocks[i]));
                who.Add(i);
                row += rows;
            }

            SequenceRows[] array = [.. batch];
            compute.StoreKeysAndValues(store, 1, keys, values, array);
            compute.Attend(store, 1, queries, array, y);
            foreach ((int i, SequenceRows rows) in who.Zip(array))
            {
                for (int r = 0; r < rows.Rows; r++)
                    outputs[i][rows.FirstPosition + r] = y.Row(rows.FirstRow + r).ToArray();

                done[i] += rows.Rows;
            }
        }

        return outputs;
    }

    private static void Same(float[][][] expected, float[][][] actual)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            for (int position = 0; position < expected[i].Length; position++)
                Kernels.SameBits(expected[i][position], actual[i][position]);
        }
    }
}
