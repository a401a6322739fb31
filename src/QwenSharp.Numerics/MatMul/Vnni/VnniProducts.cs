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
    /// <param name="type">The weights' type.</param>
    /// <param name="tokens">How many tokens a product will have.</param>
    /// <param name="tokensPerTask">Most tokens that it will have at a time.</param>
    /// <returns>Null where there is nothing.</returns>
    public Routines? Of(TensorType type, int tokens, int tokensPerTask)
    {
        if (!HasTiles(type))
            return null;

        Routines routines = _routines[(int)type] ??= new Routines(type);
        if (tokens > tokensPerTask)
            routines.Prepare(tokensPerTask);

        routines.Prepare(tokens <= tokensPerTask ? tokens : tokens % tokensPerTask);
        return routines;
    }

    public void Dispose()
    {
        foreach (Routines? routines in _routines)
            routines?.Dispose();
    }

    private static int UnitLength(TensorType type) => type.HasCodebook() ? CodebookDecoder.UnitLength(type) : 32;

    /// <summary>One type's.</summary>
    internal sealed class Routines(TensorType type) : IDisposable
    {
        private readonly AssembledRoutine?[] _tiles = new AssembledRoutine?[PanelTile.MaxTokens + 1];
        private AssembledRoutine? _dot;

        /// <summary>Whether the type has a product of sixteen rows with one token.</summary>
        public bool HasDot => type
            is TensorType.Q4_K
                or TensorType.Q5_K
                or TensorType.Q6_K
                or TensorType.Q8_0
                or TensorType.Q4_0
                or TensorType.Q4_1
                or TensorType.IQ4_NL
                or TensorType.IQ4_XS;

        /// <summary>Assembles what a number of tokens needs.</summary>
        public void Prepare(int tokens)
        {
            if (tokens == 1 && HasDot)
            {
                _dot ??= Dot(type);
                return;
            }

            if (tokens == 0)
                return;

            (_, int small, int large) = Tiles(tokens);
            _tiles[small] ??= Tile(type, small);
            if (large > 0)
                _tiles[small + 1] ??= Tile(type, small + 1);
        }

        /// <summary>Adds the products of sixteen rows with one token to their sums.</summary>
        public void Dot(DotArguments arguments) => _dot!.Call(&arguments);

        /// <summary>Adds the products of a panel's chunk with tokens to their sums, in tiles that differ by at most one token.</summary>
        public void Multiply(void* panel, byte* x, nint stride, int columns, int tokens, void* sums)
        {
            (int tiles, int small, int large) = Tiles(tokens);
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

        // How many tiles, tokens of the small ones, and how many are larger by one.
        private static (int Tiles, int Small, int Large) Tiles(int tokens)
        {
            int tiles = (tokens + PanelTile.MaxTokens - 1) / PanelTile.MaxTokens;
            return (tiles, tokens / tiles, tokens % tiles);
        }

        private static AssembledRoutine Dot(TensorType type) => type switch
        {
            TensorType.Q4_K => NibbleSuperBlockDot.Q4_K(),
            TensorType.Q5_K => NibbleSuperBlockDot.Q5_K(),
            TensorType.Q6_K => Q6_KDot.Create(),
            TensorType.Q4_0 => NibbleBlockDot.Q4_0(),
            TensorType.Q4_1 => NibbleBlockDot.Q4_1(),
            TensorType.IQ4_NL => NibbleBlockDot.IQ4_NL(),
            TensorType.IQ4_XS => NibbleBlockDot.IQ4_XS(),
            _ => Q8_0Dot.Create(),
        };

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
