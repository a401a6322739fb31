namespace QwenSharp.Numerics;

/// <summary>
/// The products that are assembled for AVX-512 VNNI, which .NET has no intrinsics for: of sixteen rows with one token, and of an unpacked
/// panel with tiles of tokens. Each is assembled when a type first needs it.
/// </summary>
internal sealed unsafe class VnniProducts : IDisposable
{
    private static readonly int Types = Enum.GetValues<TensorType>().Max(type => (int)type) + 1;

    private readonly Routines?[] _routines = new Routines?[Types];

    /// <summary>
    /// Whether an unpacked panel of a type meets activations of 8 bits here, its codes being unsigned bytes: all quantised types but
    /// those of codebooks whose scales are of 16 columns.
    /// </summary>
    public static bool HasTiles(TensorType type) => type == TensorType.Q8_0 || type.BlockLength() > 1 && UnitLength(type) >= 32;

    /// <summary>What there is for a type, assembled now if it was not yet. For the thread that starts jobs.</summary>
    /// <returns>Null where there is nothing.</returns>
    public Routines? Of(TensorType type) => HasTiles(type) ? _routines[(int)type] ??= new Routines(type) : null;

    public void Dispose()
    {
        foreach (Routines? routines in _routines)
            routines?.Dispose();
    }

    private static int UnitLength(TensorType type) => type.HasCodebook() ? CodebookDecoder.UnitLength(type) : 32;

    /// <summary>One type's.</summary>
    internal sealed class Routines : IDisposable
    {
        private readonly AssembledRoutine?[] _tiles = new AssembledRoutine?[PanelTile.MaxTokens + 1];
        private readonly AssembledRoutine? _dot;

        public Routines(TensorType type)
        {
            _dot = type switch
            {
                TensorType.Q4_K => NibbleSuperBlockDot.Q4_K(),
                TensorType.Q5_K => NibbleSuperBlockDot.Q5_K(),
                TensorType.Q6_K => Q6_KDot.Create(),
                TensorType.Q8_0 => Q8_0Dot.Create(),
                TensorType.Q4_0 => NibbleBlockDot.Q4_0(),
                TensorType.Q4_1 => NibbleBlockDot.Q4_1(),
                TensorType.IQ4_NL => NibbleBlockDot.IQ4_NL(),
                TensorType.IQ4_XS => NibbleBlockDot.IQ4_XS(),
                _ => null,
            };
            for (int tokens = 1; tokens <= PanelTile.MaxTokens; tokens++)
                _tiles[tokens] = Tile(type, tokens);
        }

        /// <summary>Whether the type has a product of sixteen rows with one token.</summary>
        public bool HasDot => _dot is not null;

        /// <summary>Adds the products of sixteen rows with one token to their sums.</summary>
        public void Dot(DotArguments arguments) => _dot!.Call(&arguments);

        /// <summary>Adds the products of a panel's chunk with tokens to their sums, in tiles that differ by at most one token.</summary>
        public void Multiply(void* panel, byte* x, nint stride, int columns, int tokens, void* sums)
        {
            int tiles = (tokens + PanelTile.MaxTokens - 1) / PanelTile.MaxTokens, small = tokens / tiles, large = tokens % tiles;
            TileArguments arguments = new() { Panel = panel, X = x, Stride = stride, Sums = sums, Tiles = large, Blocks = columns / 32 };
            if (large > 0)
                _tiles[small + 1]!.Call(&arguments);

            int done = large * (small + 1);
            arguments.X += done * stride;
            arguments.Sums = (byte*)sums + done * PanelTile.Groups * PanelTile.RegisterBytes;
            arguments.Tiles = tiles - large;
            _tiles[small]!.Call(&arguments);
        }

        public void Dispose()
        {
            _dot?.Dispose();
            foreach (AssembledRoutine? tile in _tiles)
                tile?.Dispose();
        }

        private static AssembledRoutine Tile(TensorType type, int tokens) => type switch
        {
            TensorType.Q4_K or TensorType.Q5_K => SuperBlockTile.Create(tokens, groups: 8, hasMinimum: true),
            TensorType.Q2_K => SuperBlockTile.Create(tokens, groups: 16, hasMinimum: true),
            TensorType.Q3_K or TensorType.Q6_K => SuperBlockTile.Create(tokens, groups: 16, hasMinimum: false),
            TensorType.Q4_0 => BlockTile.Create(tokens, Q4_0Format.OffsetBits),
            TensorType.Q5_0 => BlockTile.Create(tokens, Q5_0Format.OffsetBits),
            TensorType.Q4_1 or TensorType.Q5_1 => BlockTile.Create(tokens, offsetBits: 0),
            _ => BlockTile.Create(tokens, BiasedBytes.OffsetBits),
        };
    }
}
