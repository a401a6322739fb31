namespace QwenSharp.Numerics;

/// <summary>
/// Keys and values of all layers, cut into blocks of <see cref="BlockTokens"/> positions that sequences own by number; in a backend's
/// memory and layout. Made by <see cref="Compute.CreateKvStore"/>.
/// </summary>
public abstract class KvStore : IDisposable
{
    /// <summary>Positions in a block.</summary>
    public const int BlockTokens = 32;

    /// <summary>A store of this shape.</summary>
    /// <param name="type">F16 or F32.</param>
    /// <param name="layers">Layers with attention.</param>
    /// <param name="kvHeads">KV heads of a layer (GQA).</param>
    /// <param name="headLength">Features of a head.</param>
    /// <param name="blocks">How many blocks.</param>
    /// <exception cref="ArgumentException">The type is neither, or a number makes no sense.</exception>
    protected KvStore(TensorType type, int layers, int kvHeads, int headLength, int blocks)
    {
        if (type is not (TensorType.F16 or TensorType.F32))
            throw new ArgumentException($"A KV cache is F16 or F32, not {type}.", nameof(type));

        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(layers);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(kvHeads);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(headLength);
        ArgumentOutOfRangeException.ThrowIfNegative(blocks);
        (Type, Layers, KvHeads, HeadLength, Blocks) = (type, layers, kvHeads, headLength, blocks);
    }

    /// <summary>F16 or F32.</summary>
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
    public long BlockBytes => (long)Layers * KvHeads * 2 * HeadLength * BlockTokens * Type.BlockBytes();

    /// <summary>Makes one block what another is, in all layers.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such block.</exception>
    public void Copy(int from, int to)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)from, (uint)Blocks, nameof(from));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)to, (uint)Blocks, nameof(to));
        CopyBlock(from, to);
    }

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Copies what one block holds to another.</summary>
    protected abstract void CopyBlock(int from, int to);
}
