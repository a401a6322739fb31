namespace QwenSharp.Numerics;

/// <summary>Consecutive rows of one sequence and one of its KV heads: what a task of attention works on.</summary>
/// <param name="Sequence">Which sequence of the batch.</param>
/// <param name="FirstRow">The first row, counted in the sequence's own rows of this batch.</param>
/// <param name="Rows">How many rows.</param>
/// <param name="Head">The KV head.</param>
/// <param name="FirstPart">Parts of all tiles before this one, where the positions are cut into parts.</param>
internal readonly record struct RowTile(int Sequence, int FirstRow, int Rows, int Head, int FirstPart);

/// <summary>The sequences of a batch cut into tiles, in memory that is kept for the next batch.</summary>
internal sealed class RowTiles
{
    private SequenceRows[] _sequences = [];
    private RowTile[] _tiles = [];

    /// <summary>How many tiles there are.</summary>
    public int Count { get; private set; }

    /// <summary>How many parts of <see cref="AttentionTile.PartTokens"/> positions the tiles look back on, together.</summary>
    public int Parts { get; private set; }

    public ref readonly RowTile this[int tile] => ref _tiles[tile];

    public ref readonly SequenceRows Sequence(in RowTile tile) => ref _sequences[tile.Sequence];

    /// <summary>The position of a tile's last row.</summary>
    public int LastPosition(in RowTile tile) => Sequence(tile).FirstPosition + tile.FirstRow + tile.Rows - 1;

    /// <summary>How many parts a tile looks back on.</summary>
    public int PartsOf(in RowTile tile) => (LastPosition(tile) / AttentionTile.PartTokens) + 1;

    /// <summary>
    /// Cuts each sequence at the positions that <paramref name="rows"/> divides, for each of <paramref name="heads"/> heads.
    /// The last rows come first: they look back on the most positions, and a job ends evenly when its small tasks are last.
    /// </summary>
    public void Cut(ReadOnlySpan<SequenceRows> sequences, int heads, int rows)
    {
        if (_sequences.Length < sequences.Length)
            _sequences = new SequenceRows[sequences.Length];

        sequences.CopyTo(_sequences);
        (Count, Parts) = (0, 0);
        for (int s = 0; s < sequences.Length; s++)
        {
            int first = sequences[s].FirstPosition;
            for (int end = sequences[s].Rows; end > 0;)
            {
                int begin = Math.Max(0, ((first + end - 1) / rows * rows) - first);
                for (int head = 0; head < heads; head++)
                    Append(new RowTile(s, begin, end - begin, head, Parts));

                end = begin;
            }
        }
    }

    /// <summary>The tile that a part belongs to, by bisection.</summary>
    public int TileOfPart(int part)
    {
        int low = 0, high = Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            (low, high) = _tiles[middle].FirstPart <= part ? (middle, high) : (low, middle - 1);
        }

        return low;
    }

    private void Append(in RowTile tile)
    {
        if (Count == _tiles.Length)
            Array.Resize(ref _tiles, Math.Max(64, 2 * Count));

        _tiles[Count++] = tile;
        Parts += PartsOf(tile);
    }
}
