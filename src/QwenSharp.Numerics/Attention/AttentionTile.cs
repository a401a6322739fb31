using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>
/// One worker's memory for attention, and the attention of one tile: the queries of a few rows that share a KV head.
/// Softmax runs online over blocks of <see cref="KvStore.BlockTokens"/> positions (FlashAttention, Dao et al., 2022),
/// afresh in each part of <see cref="PartTokens"/> positions; parts are then merged in order. Blocks and parts begin at
/// multiples of their length whatever the tile is, so a row's result does not depend on chunks, batch or threads.
/// </summary>
internal sealed unsafe class AttentionTile(VectorKernels kernels) : IDisposable
{
    /// <summary>Positions of a part: few threads do the parts of a tile one after another, many at the same time.</summary>
    public const int PartTokens = 1024;

    /// <summary>
    /// Queries of a tile, unless one token has more: enough to unpack keys and values rarely, few enough for the L2 cache.
    /// </summary>
    public const int Queries = 32;

    private const int Tokens = KvStore.BlockTokens;

    private NativeBuffer? _memory;
    private int _headLength, _group, _capacity;
    private float* _queries, _scores, _unpacked, _keep;

    // Of the tile that is being done.
    private int _rows, _padded, _firstPosition;

    /// <summary>Floats of a value row and of a sum: the head's length, filled up to whole vectors.</summary>
    public static int Stride(int headLength) => (headLength + Tokens - 1) / Tokens * Tokens;

    /// <summary>Floats that a <see cref="Softmax"/> of a tile takes.</summary>
    public static int StateLength(int headLength, int group) => Capacity(group) * (Stride(headLength) + 2);

    /// <summary>Sums of one part, and of all parts so far, in this worker's memory.</summary>
    public Softmax Part { get; private set; }

    /// <inheritdoc cref="Part"/>
    public Softmax Total { get; private set; }

    private static int Capacity(int group) => Math.Max(Queries, (group + 3) / 4 * 4);

    /// <summary>Makes room for tiles of this shape; a call with the shape of the one before does nothing.</summary>
    public void Prepare(int headLength, int group)
    {
        if (_headLength == headLength && _group == group)
            return;

        (_headLength, _group, _capacity) = (headLength, group, Capacity(group));
        int stride = Stride(headLength), state = StateLength(headLength, group);
        long floats = ((long)_capacity * (headLength + Tokens + 1)) + (Tokens * stride) + (2 * state) + (7 * 16);
        if (_memory is null || _memory.Length < floats * sizeof(float))
        {
            _memory?.Dispose();
            _memory = new NativeBuffer(floats * sizeof(float));
        }

        float* next = (float*)_memory.Pointer;
        new Span<float>(next, checked((int)floats)).Clear();
        _unpacked = Take(ref next, Tokens * stride);
        _queries = Take(ref next, _capacity * headLength);
        _scores = Take(ref next, _capacity * Tokens);
        _keep = Take(ref next, _capacity);
        Part = new Softmax(Take(ref next, state), _capacity, stride);
        Total = new Softmax(Take(ref next, state), _capacity, stride);
    }

    /// <summary>Copies the tile's queries, [rows × group, headLength], times 1 / √headLength.</summary>
    /// <param name="queries">The tile's first row and first query head.</param>
    /// <param name="width">Floats from a row to the next.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="firstPosition">The position of the first row.</param>
    public void Load(float* queries, int width, int rows, int firstPosition)
    {
        (_rows, _padded, _firstPosition) = (rows, kernels.PaddedRows(rows * _group), firstPosition);
        int length = _group * _headLength;
        for (int row = 0; row < rows; row++)
            Unsafe.CopyBlockUnaligned(_queries + ((long)row * length), queries + ((long)row * width), (uint)(length * sizeof(float)));

        kernels.Scale(_queries, 1 / MathF.Sqrt(_headLength), rows * length);
        new Span<float>(_queries + (rows * length), (_padded * _headLength) - (rows * length)).Clear();
    }

    /// <summary>Attends to the positions of one part.</summary>
    public void AttendPart(HostKvStore store, int layer, int head, int[] blocks, int part, Softmax sums)
    {
        sums.Clear(_padded);
        int last = _firstPosition + _rows - 1;
        int end = Math.Min(last + 1, (part + 1) * PartTokens);
        for (int position = part * PartTokens; position < end; position += Tokens)
        {
            int block = blocks[position / Tokens], next = position + Tokens <= last ? blocks[(position / Tokens) + 1] : block;
            int seen = Math.Min(Tokens, last + 1 - position);
            bool finite = store.IsFinite(block, layer, head);
            float* keys = store.Layout.Keys(
                kernels, store.Keys(block, layer, head), store.Keys(next, layer, head), _headLength, finite, _unpacked);
            kernels.Multiply(_queries, _headLength, 1, keys, _scores, null, _padded, _headLength, Tokens, Tokens);
            Mask(position);
            kernels.Weigh(_scores, _rows * _group, sums.Max, sums.Weight, _keep);
            float* values = store.Layout.Values(
                kernels,
                store.Values(block, layer, head),
                store.Values(next, layer, head),
                _headLength,
                finite,
                _unpacked,
                seen,
                sums.Stride);
            kernels.Multiply(_scores, Tokens, 1, values, sums.Sums, _keep, _padded, seen, sums.Stride, sums.Stride);
        }
    }

    /// <summary>Adds a later part to the total: both sums are brought to the greater of the two maxima.</summary>
    public void Merge(Softmax total, Softmax part)
    {
        for (int query = 0; query < _rows * _group; query++)
        {
            // A row that does not reach the part has no weight in it.
            if (part.Weight[query] == 0)
                continue;

            float max = MathF.Max(total.Max[query], part.Max[query]);
            float a = VectorMath.Exp<Simd1, float>(total.Max[query] - max), b = VectorMath.Exp<Simd1, float>(part.Max[query] - max);
            total.Max[query] = max;
            total.Weight[query] = MathF.FusedMultiplyAdd(total.Weight[query], a, part.Weight[query] * b);
            float* sum = total.Sums + ((long)query * total.Stride), other = part.Sums + ((long)query * total.Stride);
            kernels.Scale(sum, a, _headLength);
            kernels.Scale(other, b, _headLength);
            kernels.Add(other, sum, _headLength);
        }
    }

    /// <summary>Divides by the weights and writes the tile's outputs, laid out as the queries are.</summary>
    public void Finish(Softmax total, float* y, int width)
    {
        for (int query = 0; query < _rows * _group; query++)
        {
            float* sum = total.Sums + ((long)query * total.Stride);
            kernels.Scale(sum, 1 / total.Weight[query], _headLength);
            float* to = y + ((long)(query / _group) * width) + (query % _group * _headLength);
            Unsafe.CopyBlockUnaligned(to, sum, (uint)(_headLength * sizeof(float)));
        }
    }

    public void Dispose() => _memory?.Dispose();

    private static float* Take(ref float* next, int floats)
    {
        float* taken = next;
        next += (floats + 15) / 16 * 16;
        return taken;
    }

    /// <summary>
    /// Hides positions after each row's own. Slots that were never written may hold anything, NaN included:
    /// their scores are replaced, and their values not read.
    /// </summary>
    private void Mask(int position)
    {
        int rows = Math.Min(_rows, position + Tokens - 1 - _firstPosition);
        for (int query = 0; query < rows * _group; query++)
        {
            int seen = Math.Max(0, _firstPosition + (query / _group) + 1 - position);
            new Span<float>(_scores + (query * Tokens) + seen, Tokens - seen).Fill(float.NegativeInfinity);
        }
    }
}
