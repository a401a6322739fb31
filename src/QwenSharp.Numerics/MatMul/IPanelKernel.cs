namespace QwenSharp.Numerics;

/// <summary>
/// The product of a panel (two registers' worth of weight rows) with tokens, one chunk of 256 columns at a time.
/// The panel's weights are unpacked once per chunk into scratch that stays in the first-level cache, transposed so that a
/// register holds the same columns of different rows, and then multiplied with any number of tokens.
/// </summary>
/// <remarks>
/// Unpack, Multiply and Dot are compiled with AggressiveOptimization, not inlined: the JIT limits how much it inlines into one
/// method, and each of them is a few hundred inlined operations already. Bytes are shifted as 32-bit lanes, and what crosses
/// into a neighbouring byte is masked away.
/// </remarks>
internal unsafe interface IPanelKernel
{
    /// <summary>Whether the kernel has <see cref="Dot"/>.</summary>
    static abstract bool HasDot { get; }

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

    /// <summary>
    /// As <see cref="Unpack"/>, with codes as unsigned bytes (signed ones plus 128) in the layout of
    /// <see cref="SuperBlockKernel{TFormat}"/> or <see cref="BlockKernel{TFormat}"/>: what assembled products take.
    /// </summary>
    static abstract void UnpackBytes<TLanes, V>(byte* weights, nint stride, int columns, V* panel)
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

    /// <summary>
    /// Multiplies <typeparamref name="TLanes"/>.Count rows with one token, without storing what it unpacks:
    /// the way of decoding, with the same bits as <see cref="Multiply"/>.
    /// </summary>
    /// <param name="weights">The first block in the first row.</param>
    /// <param name="stride">Bytes from a row to the next.</param>
    /// <param name="columns">Columns: any number of chunks, all whole but the last.</param>
    /// <param name="x">The token's packed activations from this chunk on.</param>
    /// <param name="chunkStride">Bytes from its activations of a chunk to those of the next.</param>
    /// <param name="sum">The rows' sums so far.</param>
    /// <param name="next">As many bytes as these rows have, which are read soon: asked for along the way, not at once, so that the memory
    /// works while the kernel does.</param>
    static abstract V Dot<TLanes, V>(byte* weights, nint stride, int columns, byte* x, nint chunkStride, V sum, byte* next)
        where TLanes : struct, ILanes<V>
        where V : unmanaged;
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
