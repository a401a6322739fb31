namespace QwenSharp.Numerics;

/// <summary>The shape of the tiles of training attention.</summary>
internal static class SegmentTile
{
    /// <summary>
    /// Rows of a tile, of queries and of keys: enough to load a tile seldom, few enough for the L2 cache with all that goes with them.
    /// </summary>
    public const int Rows = 64;

    /// <summary>
    /// Floats from a row of scores, or of a transposed tile, to the next. Not <see cref="Rows"/>: a product goes down a column of one or
    /// two
    /// cache lines, and rows a power of two apart would all claim the same few sets of the L1 cache.
    /// </summary>
    public const int ScoreStride = Rows + 16;

    /// <summary>Columns of a product with heads of this length: whole vectors.</summary>
    public static int Columns(int headLength) => AttentionTile.Stride(headLength);

    /// <summary>Floats from a row of a tile with heads of this length to the next; see <see cref="ScoreStride"/>.</summary>
    public static int Stride(int headLength) => Columns(headLength) + 16;
}
