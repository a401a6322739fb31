using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>
/// Keys and values in the host's memory. Inside a block and layer lie, for each KV head, the keys transposed [headLength, BlockTokens] and
/// then the values [BlockTokens, headLength]: attention runs over whole vectors of positions for scores, and of features for sums.
/// </summary>
internal sealed unsafe class HostKvStore : KvStore
{
    private readonly NativeBuffer _buffer;

    // For each block, layer and head, whether something that is not finite was written: rare, and slower to read.
    private readonly bool[] _notFinite;

    /// <summary>Reserves <paramref name="blocks"/> blocks; pages cost memory once they are written.</summary>
    public HostKvStore(TensorType type, int layers, int kvHeads, int headLength, int blocks)
        : base(type, layers, kvHeads, headLength, blocks)
    {
        _buffer = new NativeBuffer(checked(blocks * BlockBytes));
        _notFinite = new bool[checked(blocks * layers * kvHeads)];
    }

    /// <inheritdoc/>
    public override void Dispose() => _buffer.Dispose();

    /// <inheritdoc/>
    protected override void CopyBlock(int from, int to)
    {
        Buffer.MemoryCopy(_buffer.Pointer + from * BlockBytes, _buffer.Pointer + to * BlockBytes, BlockBytes, BlockBytes);
        int flags = Layers * KvHeads;
        _notFinite.AsSpan(from * flags, flags).CopyTo(_notFinite.AsSpan(to * flags));
    }

    /// <summary>The block's bytes, and behind them one for each layer and head: whether something in it is not finite.</summary>
    public override int StoredBytes => checked((int)BlockBytes + (Layers * KvHeads));

    /// <inheritdoc/>
    protected override void ReadBlock(int block, Span<byte> bytes)
    {
        int length = (int)BlockBytes;
        new ReadOnlySpan<byte>(_buffer.Pointer + block * BlockBytes, length).CopyTo(bytes);
        for (int i = 0; i < Layers * KvHeads; i++)
            bytes[length + i] = _notFinite[(block * Layers * KvHeads) + i] ? (byte)1 : (byte)0;
    }

    /// <inheritdoc/>
    protected override void WriteBlock(int block, ReadOnlySpan<byte> bytes)
    {
        int length = (int)BlockBytes;
        bytes[..length].CopyTo(new Span<byte>(_buffer.Pointer + block * BlockBytes, length));
        for (int i = 0; i < Layers * KvHeads; i++)
            _notFinite[(block * Layers * KvHeads) + i] = bytes[length + i] != 0;
    }

    /// <summary>Where the transposed keys of a block, layer and head begin.</summary>
    internal byte* Keys(int block, int layer, int head) =>
        _buffer.Pointer + block * BlockBytes + ((long)layer * KvHeads + head) * 2 * HeadLength * BlockTokens * Type.BlockBytes();

    /// <summary>Where the values of a block, layer and head begin.</summary>
    internal byte* Values(int block, int layer, int head) =>
        Keys(block, layer, head) + (long)HeadLength * BlockTokens * Type.BlockBytes();

    /// <summary>Writes keys and values of consecutive positions of one block, from rows <paramref name="width"/> floats apart.</summary>
    internal void Write(VectorKernels kernels, int layer, int head, int block, int slot, int rows, float* keys, float* values, int width)
    {
        const int Piece = 128;
        Half* rounded = stackalloc Half[Piece];
        ref bool notFinite = ref _notFinite[(((block * Layers) + layer) * KvHeads) + head];

        // Whoever takes a block over writes its first position first.
        if (slot == 0)
            notFinite = false;

        for (int row = 0; row < rows; row++, slot++, keys += width, values += width)
        {
            if (Type == TensorType.F32)
            {
                Scatter(new ReadOnlySpan<float>(keys, HeadLength), (float*)Keys(block, layer, head) + slot);
                Unsafe.CopyBlockUnaligned(
                    (float*)Values(block, layer, head) + (slot * HeadLength),
                    values,
                    (uint)(HeadLength * sizeof(float)));
            }
            else
            {
                for (int i = 0; i < HeadLength; i += Piece)
                {
                    int count = Math.Min(Piece, HeadLength - i);
                    kernels.Narrow(keys + i, rounded, count);
                    Scatter(new ReadOnlySpan<Half>(rounded, count), (Half*)Keys(block, layer, head) + (i * BlockTokens) + slot);
                }

                notFinite |= !kernels.IsFinite(keys, HeadLength) || !kernels.IsFinite(values, HeadLength);
                kernels.Narrow(values, (Half*)Values(block, layer, head) + (slot * HeadLength), HeadLength);
            }
        }
    }

    /// <summary>Whether all that was written to a block, layer and head is finite; other slots may hold anything.</summary>
    internal bool IsFinite(int block, int layer, int head) => !_notFinite[(((block * Layers) + layer) * KvHeads) + head];

    /// <summary>Writes a column of the transposed keys.</summary>
    private static void Scatter<T>(ReadOnlySpan<T> from, T* to)
        where T : unmanaged
    {
        for (int i = 0; i < from.Length; i++)
            to[i * BlockTokens] = from[i];
    }
}
