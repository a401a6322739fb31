namespace QwenSharp.Numerics;

/// <summary>
/// Keys and values of all layers, cut into blocks of <see cref="BlockTokens"/> positions that sequences own by number; in a backend's
/// memory and layout. Made by <see cref="Compute.CreateKvStore"/>.
/// </summary>
public abstract class KvStore : IDisposable
{
    /// <summary>Positions in a block.</summary>
    public const int BlockTokens = 32;

    /// <summary>
    /// The types that keys and values can be stored in. Q8_0 is blocks of 32 features of a head, with a scale in half precision.
    /// </summary>
    public static IReadOnlyList<TensorType> Types { get; } = [TensorType.F32, TensorType.F16, TensorType.BF16, TensorType.Q8_0];

    /// <summary>A store of this shape.</summary>
    /// <param name="type">One of <see cref="Types"/>.</param>
    /// <param name="layers">Layers with attention.</param>
    /// <param name="kvHeads">KV heads of a layer (GQA).</param>
    /// <param name="headLength">Features of a head.</param>
    /// <param name="blocks">How many blocks.</param>
    /// <exception cref="ArgumentException">The type is none of them or cannot hold such heads, or a number makes no sense.</exception>
    protected KvStore(TensorType type, int layers, int kvHeads, int headLength, int blocks)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(layers);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(kvHeads);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(headLength);
        ArgumentOutOfRangeException.ThrowIfNegative(blocks);
        if (!Holds(type, headLength))
        {
            throw new ArgumentException(
                Types.Contains(type)
                    ? $"A KV cache of {type} holds heads of whole blocks of {type.BlockLength()} features, not of {headLength}."
                    : $"A KV cache is {string.Join(", ", Types)}, not {type}.",
                nameof(type));
        }

        (Type, Layers, KvHeads, HeadLength, Blocks) = (type, layers, kvHeads, headLength, blocks);
    }

    /// <summary>What keys and values are stored in.</summary>
    public TensorType Type { get; }

    /// <summary>Layers with attention.</summary>
    public int Layers { get; }

    /// <summary>KV heads of a layer.</summary>
    public int KvHeads { get; }

    /// <summary>Features of a head.</summary>
    public int HeadLength { get; }

    /// <summary>How many blocks there are.</summary>
    public int Blocks { get; }

    /// <summary>Bytes of one block, over all layers.</summary>
    public long BlockBytes => (long)Layers * KvHeads * 2 * BlockTokens * Type.Bytes(HeadLength);

    /// <summary>Whether keys and values of heads of this length can be stored in a type: a head is whole blocks of it.</summary>
    public static bool Holds(TensorType type, int headLength) => Types.Contains(type) && headLength % type.BlockLength() == 0;

    /// <summary>Makes one block what another is, in all layers.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such block.</exception>
    public void Copy(int from, int to)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)from, (uint)Blocks, nameof(from));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)to, (uint)Blocks, nameof(to));
        CopyBlock(from, to);
    }

    /// <summary>Bytes of what <see cref="Read"/> gives of a block, whatever its elements are.</summary>
    public abstract int StoredBytes { get; }

    /// <summary>Reads all that a block holds, in the order of this backend, for <see cref="Write"/> to give back.</summary>
    /// <param name="block">Its number.</param>
    /// <param name="bytes">[<see cref="StoredBytes"/>].</param>
    /// <exception cref="ArgumentException">There is no such block, or the length is another.</exception>
    public void Read(int block, Span<byte> bytes)
    {
        Require(block, bytes.Length);
        ReadBlock(block, bytes);
    }

    /// <summary>Makes a block hold what <see cref="Read"/> gave, of this store or of another of the same backend, type and shape.</summary>
    /// <inheritdoc cref="Read" path="/param"/>
    /// <inheritdoc cref="Read" path="/exception"/>
    public void Write(int block, ReadOnlySpan<byte> bytes)
    {
        Require(block, bytes.Length);
        WriteBlock(block, bytes);
    }

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Reads what a block holds, <see cref="StoredBytes"/>.</summary>
    protected abstract void ReadBlock(int block, Span<byte> bytes);

    /// <summary>Makes a block hold what <see cref="ReadBlock"/> gave.</summary>
    protected abstract void WriteBlock(int block, ReadOnlySpan<byte> bytes);

    /// <summary>Copies what one block holds to another.</summary>
    protected abstract void CopyBlock(int from, int to);

    private void Require(int block, int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)block, (uint)Blocks, nameof(block));
        if (bytes != StoredBytes)
            throw new ArgumentException($"A block is {StoredBytes} bytes, not {bytes}.", nameof(bytes));
    }
}
