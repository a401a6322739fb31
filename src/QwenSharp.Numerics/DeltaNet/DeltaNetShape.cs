namespace QwenSharp.Numerics;

/// <summary>
/// The lengths of a Gated DeltaNet layer (Yang, Kautz and Hatamizadeh, 2024, "Gated Delta Networks", arXiv 2412.06464).
/// Its convolution runs over the queries of all key heads, then the keys of all key heads, then the values of all value heads.
/// </summary>
/// <param name="KeyHeads">Heads of queries and of keys.</param>
/// <param name="ValueHeads">Heads of values, each with a state of its own; a multiple of <paramref name="KeyHeads"/>.</param>
/// <param name="KeyLength">Features of a query or key head: rows of a state.</param>
/// <param name="ValueLength">Features of a value head: columns of a state.</param>
/// <param name="Taps">Positions that the causal convolution looks at, the row's own included.</param>
public sealed record DeltaNetShape(int KeyHeads, int ValueHeads, int KeyLength, int ValueLength, int Taps)
{
    /// <summary>
    /// Whether value head h reads key head h mod <see cref="KeyHeads"/>, the order in which GGUF stores Qwen3.5;
    /// otherwise it reads h ÷ (<see cref="ValueHeads"/> ÷ <see cref="KeyHeads"/>), as the published checkpoints do.
    /// </summary>
    public bool HasAlternatingKeyHeads { get; init; }

    /// <summary>Elements of all query heads together, and of all key heads.</summary>
    public int KeyWidth => KeyHeads * KeyLength;

    /// <summary>Elements of all value heads together.</summary>
    public int ValueWidth => ValueHeads * ValueLength;

    /// <summary>Channels of the convolution: queries, keys and values.</summary>
    public int ConvolutionWidth => (2 * KeyWidth) + ValueWidth;

    /// <summary>
    /// Floats that a sequence keeps for one layer: the last inputs of the convolution and a state matrix for each value head.
    /// </summary>
    public long StateLength => ConvolutionLength + ((long)ValueHeads * HeadStateLength);

    /// <summary>Floats of the convolution's last inputs: [Taps − 1, ConvolutionWidth].</summary>
    internal int ConvolutionLength => (Taps - 1) * ConvolutionWidth;

    /// <summary>Tiles of a state matrix, each [KeyLength, <see cref="TileColumns"/>]; columns beyond the last value are zero.</summary>
    internal int Tiles => (ValueLength + TileColumns - 1) / TileColumns;

    /// <summary>Floats of one head's state matrix.</summary>
    internal int HeadStateLength => Tiles * TileLength;

    /// <summary>Floats of a tile: 16 KB for keys of 128, so that it stays in the first-level cache from one position to the next.</summary>
    internal int TileLength => KeyLength * TileColumns;

    internal const int TileColumns = 32;

    /// <summary>Which query and key head a value head reads.</summary>
    public int KeyHeadOf(int valueHead) => HasAlternatingKeyHeads ? valueHead % KeyHeads : valueHead / (ValueHeads / KeyHeads);

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(KeyHeads);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ValueHeads);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(KeyLength);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ValueLength);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Taps);
        if (ValueHeads % KeyHeads != 0)
            throw new ArgumentException($"{ValueHeads} value heads cannot share {KeyHeads} key heads evenly.");
    }
}
