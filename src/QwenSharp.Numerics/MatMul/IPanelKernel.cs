namespace QwenSharp.Numerics;

/// <summary>
/// The product of a panel (two registers' worth of weight rows) with tokens, one chunk of 256 columns at a time.
/// The panel's weights are unpacked once per chunk into scratch that stays in the first-level cache, transposed so that a
/// register holds the same columns of different rows, and then multiplied with any number of tokens. One token takes the
/// same path as a thousand, so a result cannot depend on the batch.
/// </summary>
internal unsafe interface IPanelKernel
{
    /// <summary>Most tokens that <see cref="Multiply"/> takes at a time.</summary>
    static abstract int MaxTile { get; }

    /// <summary>Unpacks a chunk of <typeparamref name="TLanes"/>.Count rows.</summary>
    /// <param name="weights">The chunk's first block in the first row.</param>
    /// <param name="stride">Bytes from a row to the next.</param>
    /// <param name="columns">Columns in the chunk: up to 256, whole blocks.</param>
    /// <param name="panel">The panel's registers; those of the two groups of rows alternate, so a group writes every other one.</param>
    static abstract void Unpack<TLanes, V>(byte* weights, nint stride, int columns, V* panel)
        where TLanes : struct, ILanes<V>
        where V : unmanaged;

    /// <summary>Adds the products of the chunk with some tokens to their sums.</summary>
    /// <param name="panel">The panel's registers.</param>
    /// <param name="x">The first token's packed activations of this chunk.</param>
    /// <param name="stride">Bytes from a token to the next.</param>
    /// <param name="columns">Columns in the chunk.</param>
    /// <param name="sums">Two registers of floats a token.</param>
    static abstract void Multiply<TLanes, V, TTile>(V* panel, byte* x, nint stride, int columns, V* sums)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
        where TTile : struct, ITile;
}

/// <summary>A number of tokens that the compiler knows.</summary>
internal interface ITile
{
    static abstract int Tokens { get; }
}

internal readonly struct OneToken : ITile
{
    public static int Tokens => 1;
}

internal readonly struct TwoTokens : ITile
{
    public static int Tokens => 2;
}

internal readonly struct ThreeTokens : ITile
{
    public static int Tokens => 3;
}

internal readonly struct FourTokens : ITile
{
    public static int Tokens => 4;
}
