using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// The token rows of one forward pass: each sequence adds its next tokens, one row a token.
/// It is filled, computed and cleared again; its arrays are allocated once.
/// </summary>
public sealed class Batch
{
    private readonly int[] _tokens;
    private readonly int[] _positions;
    private readonly int[] _keptRows;
    private readonly int[] _scoredRows;
    private readonly int[] _scoredOfKept;
    private readonly GridPosition[] _grid;
    private readonly SequenceRows[] _sequences;
    private readonly FittedAdapter?[] _adapters;
    private int _sequenceCount, _keptCount, _scoredCount;
    private bool _hasGrid;

    /// <summary>An empty batch with room for <paramref name="maxRows"/> tokens of <paramref name="maxSequences"/> sequences.</summary>
    public Batch(int maxRows, int maxSequences)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxRows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxSequences);
        _tokens = new int[maxRows];
        _positions = new int[maxRows];
        _keptRows = new int[maxRows];
        _scoredRows = new int[maxRows];
        _scoredOfKept = new int[maxRows];
        _grid = new GridPosition[maxRows];
        _sequences = new SequenceRows[maxSequences];
        _adapters = new FittedAdapter?[maxSequences];
    }

    /// <summary>How many rows are filled.</summary>
    public int Rows { get; private set; }

    /// <summary>How many rows there is room for.</summary>
    public int Capacity => _tokens.Length;

    /// <summary>The token of each row.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Rows);

    /// <summary>The position of each row in its sequence.</summary>
    public ReadOnlySpan<int> Positions => _positions.AsSpan(0, Rows);

    /// <summary>
    /// What rotary embedding takes for the rows' positions in models with images (M-RoPE); empty where all rows are text that stands before
    /// any image.
    /// </summary>
    public ReadOnlySpan<GridPosition> GridPositions => _hasGrid ? _grid.AsSpan(0, Rows) : default;

    /// <summary>The rows whose final hidden states are wanted, ascending: the n-th has its own in row n of the output.</summary>
    public ReadOnlySpan<int> KeptRows => _keptRows.AsSpan(0, _keptCount);

    /// <summary>Those of the kept rows that want logits, ascending: the n-th has its logits in row n of the output.</summary>
    public ReadOnlySpan<int> ScoredRows => _scoredRows.AsSpan(0, _scoredCount);

    /// <summary>Where the scored rows are among the kept ones.</summary>
    internal ReadOnlySpan<int> ScoredOfKept => _scoredOfKept.AsSpan(0, _scoredCount);

    /// <summary>Which rows belong to which sequence.</summary>
    public ReadOnlySpan<SequenceRows> Sequences => _sequences.AsSpan(0, _sequenceCount);

    /// <summary>The adapter of each sequence, or null for the model as it is.</summary>
    public ReadOnlySpan<FittedAdapter?> Adapters => _adapters.AsSpan(0, _sequenceCount);

    /// <summary>Adds the next tokens of a sequence.</summary>
    /// <param name="tokens">One a row; at least one.</param>
    /// <param name="firstPosition">The position of the first; all earlier ones are in the KV cache.</param>
    /// <param name="blocks">The sequence's KV blocks, enough for the last of these positions.</param>
    /// <param name="scored">How many of these tokens, counted from the last, want logits.</param>
    /// <param name="grid">The tokens' positions for rotary embedding, where images make them differ from those in the sequence; empty where
    /// they do not.</param>
    /// <param name="slot">The sequence's slot in the store of recurrent states, if the model has such.</param>
    /// <param name="adapter">What is added to the model for this sequence; the same for all its tokens.</param>
    /// <param name="kept">How many of these tokens, counted from the last, want their final hidden state: at least those that want logits,
    /// and no more where this is null.</param>
    /// <exception cref="ArgumentException">There is no room, or the blocks do not reach the last position.</exception>
    public void Add(
        ReadOnlySpan<int> tokens,
        int firstPosition,
        int[] blocks,
        int scored,
        ReadOnlySpan<GridPosition> grid = default,
        int slot = 0,
        FittedAdapter? adapter = null,
        int? kept = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstPosition);
        int keep = kept ?? scored;
        ArgumentOutOfRangeException.ThrowIfNegative(scored);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(scored, keep, nameof(scored));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(keep, tokens.Length, nameof(kept));
        if (tokens.IsEmpty || tokens.Length > _tokens.Length - Rows || _sequenceCount == _sequences.Length)
        {
            throw new ArgumentException(
                $"{tokens.Length} tokens do not fit: {Rows} of {_tokens.Length} rows and {_sequenceCount} of {_sequences.Length} "
                    + "sequences are taken.",
                nameof(tokens));
        }

        if ((long)firstPosition + tokens.Length > (long)blocks.Length * KvStore.BlockTokens)
        {
            throw new ArgumentException(
                $"{blocks.Length} blocks do not reach position {firstPosition + tokens.Length - 1}.",
                nameof(blocks));
        }

        if (!grid.IsEmpty && grid.Length != tokens.Length)
            throw new ArgumentException($"{grid.Length} positions do not fit {tokens.Length} tokens.", nameof(grid));

        tokens.CopyTo(_tokens.AsSpan(Rows));
        for (int i = 0; i < tokens.Length; i++)
        {
            int position = _positions[Rows + i] = firstPosition + i;
            _grid[Rows + i] = grid.IsEmpty ? new GridPosition(position, position, position) : grid[i];
        }

        _hasGrid |= !grid.IsEmpty;
        for (int i = tokens.Length - keep; i < tokens.Length; i++)
        {
            if (i >= tokens.Length - scored)
            {
                _scoredOfKept[_scoredCount] = _keptCount;
                _scoredRows[_scoredCount++] = Rows + i;
            }

            _keptRows[_keptCount++] = Rows + i;
        }

        _adapters[_sequenceCount] = adapter;
        _sequences[_sequenceCount++] = new SequenceRows(Rows, tokens.Length, firstPosition, blocks, slot);
        Rows += tokens.Length;
    }

    /// <summary>Empties the batch.</summary>
    public void Clear() => (Rows, _keptCount, _scoredCount, _sequenceCount, _hasGrid) = (0, 0, 0, 0, false);
}
