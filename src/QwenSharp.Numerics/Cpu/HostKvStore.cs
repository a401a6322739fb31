namespace QwenSharp.Numerics;

/// <summary>
/// Keys and values in the host's memory. Inside a block and layer lie, for each KV head, the keys transposed [headLength, BlockTokens] and
/// then the values [BlockTokens, headLength]: attention runs over whole vectors of positions for scores, and of features for sums.
/// What the bytes of both mean is the <see cref="KvLayout"/>'s.
/// </summary>
internal sealed unsafe class HostKvStore : KvStore
{
    private readonly NativeBuffer _buffer;
    private readonly long _headBytes;

    // For each block, layer and head, whether something that is not finite was written: rare, and slower to read.
    private readonly bool[] _notFinite;

    /// <summary>Reserves <paramref name="blocks"/> blocks; pages cost memory once they are written.</summary>
    public HostKvStore(TensorType type, int layers, int kvHeads, int headLength, int blocks)
        : base(type, layers, kvHeads, headLength, blocks)
    {
        Layout = KvLayout.Of(type);
        _headBytes = type.Bytes((long)headLength * BlockTokens);
        _buffer = new NativeBuffer(checked(blocks * BlockBytes));
        _notFinite = new bool[checked(blocks * layers * kvHeads)];
    }

    /// <summary>How keys and values lie inside a block.</summary>
    internal KvLayout Layout { get; }

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

    /// <summary>Where the keys of a block, layer and head begin.</summary>
    internal byte* Keys(int block, int layer, int head) =>
        _buffer.Pointer + (block * BlockBytes) + ((((long)layer * KvHeads) + head) * 2 * _headBytes);

    /// <summary>Where the values of a block, layer and head begin.</summary>
    internal byte* Values(int block, int layer, int head) => Keys(block, layer, head) + _headBytes;

    /// <summary>Writes keys and values of consecutive positions of one block, from rows <paramref name="width"/> floats apart.</summary>
    internal void Write(VectorKernels kernels, int layer, int head, int block, int slot, int rows, float* keys, float* values, int width)
    {
        ref bool notFinite = ref _notFinite[(((block * Layers) + layer) * KvHeads) + head];

        // Whoever takes a block over writes its first position first.
        if (slot == 0)
            notFinite = false;

        for (int row = 0; row < rows; row++, slot++, keys += width, values += width)
        {
            if (Layout.AsksForFinite)
                notFinite |= !kernels.IsFinite(keys, HeadLength) || !kernels.IsFinite(values, HeadLength);

            Layout.Write(kernels, keys, values, Keys(block, layer, head), Values(block, layer, head), slot, HeadLength);
        }
    }

    /// <summary>
    /// Whether all that was written to a block, layer and head is finite, where the layout asks; other slots may hold anything.
    /// </summary>
    internal bool IsFinite(int block, int layer, int head) => !_notFinite[(((block * Layers) + layer) * KvHeads) + head];
}
