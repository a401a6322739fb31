using System.Runtime.InteropServices;

namespace QwenSharp.Tokenizers;

/// <summary>
/// Finds merges one by one. Counts are kept, not taken again: a merge visits only the pieces in which its pair occurs and corrects the
/// counts of the pairs beside it (the method of Sennrich's subword-nmt and of Hugging Face's trainer).
/// </summary>
internal sealed class MergeLearner
{
    private readonly int _minimumFrequency;
    private readonly int _longestToken;
    private readonly List<byte[]> _tokens = [];
    private readonly HashSet<byte[]> _known = new(ByteString.Comparer);
    private readonly List<(int Left, int Right)> _merges = [];

    /// <summary>All pieces, one after the other, as tokens; a piece shrinks in its place.</summary>
    private readonly int[] _parts;

    private readonly Piece[] _pieces;
    private readonly Dictionary<long, Pair> _pairs = [];

    /// <summary>
    /// The pairs by falling count, then rising ids. A count here may be too high, as a pair only ever loses once the merge that made its
    /// younger token is done; a pair that comes out with too high a count goes in again with its own.
    /// </summary>
    private readonly PriorityQueue<Pair, (long Loss, long Ids)> _best = new();

    private readonly List<Pair> _made = [];

    /// <param name="counts">How often each piece occurs.</param>
    /// <param name="alphabet">The 256 bytes in the order of their tokens.</param>
    /// <param name="minimumFrequency">The least count of a pair that is merged.</param>
    /// <param name="longestToken">The most bytes of a token.</param>
    public MergeLearner(IReadOnlyDictionary<byte[], long> counts, ReadOnlySpan<byte> alphabet, int minimumFrequency, int longestToken)
    {
        _minimumFrequency = minimumFrequency;
        _longestToken = longestToken;
        Span<int> byteTokens = stackalloc int[256];
        foreach (byte value in alphabet)
        {
            byteTokens[value] = _tokens.Count;
            AddToken([value]);
        }

        _pieces = new Piece[counts.Count];
        _parts = new int[counts.Keys.Sum(piece => (long)piece.Length)];
        int at = 0, index = 0;
        foreach ((byte[] piece, long count) in counts)
        {
            _pieces[index] = new Piece { Start = at, Length = piece.Length, Count = count };
            foreach (byte value in piece)
                _parts[at++] = byteTokens[value];

            for (int i = at - piece.Length; i < at - 1; i++)
                Count(_parts[i], _parts[i + 1], index, count);
            index++;
        }

        QueueMade();
    }

    public int TokenCount => _tokens.Count;

    /// <summary>The bytes of each token.</summary>
    public IEnumerable<byte[]> Tokens => _tokens;

    /// <summary>The merges so far, best first.</summary>
    public IReadOnlyList<(int Left, int Right)> Merges => _merges;

    /// <summary>Merges the best pair; false where none is left that may be merged.</summary>
    public bool MergeBest()
    {
        while (_best.TryDequeue(out Pair? pair, out (long Loss, long Ids) key))
        {
            if (pair.Count != -key.Loss)
            {
                Queue(pair);
                continue;
            }

            byte[] bytes = [.. _tokens[pair.Left], .. _tokens[pair.Right]];
            if (_known.Contains(bytes))
                continue;

            _merges.Add((pair.Left, pair.Right));
            int merged = AddToken(bytes);
            foreach (int piece in pair.Pieces)
                Merge(ref _pieces[piece], piece, pair, merged);

            _pairs.Remove(Ids(pair.Left, pair.Right));
            QueueMade();
            return true;
        }

        return false;
    }

    /// <summary>Merges a pair throughout one piece, from the left, and corrects the counts of the pairs beside it.</summary>
    private void Merge(ref Piece piece, int index, Pair pair, int merged)
    {
        Span<int> parts = _parts.AsSpan(piece.Start, piece.Length);
        int length = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            if (i + 1 == parts.Length || parts[i] != pair.Left || parts[i + 1] != pair.Right)
            {
                parts[length++] = parts[i];
                continue;
            }

            if (length > 0)
            {
                Uncount(parts[length - 1], pair.Left, piece.Count);
                Count(parts[length - 1], merged, index, piece.Count);
            }

            i++;
            if (i + 1 < parts.Length)
            {
                Uncount(pair.Right, parts[i + 1], piece.Count);
                Count(merged, parts[i + 1], index, piece.Count);
            }

            parts[length++] = merged;
        }

        piece.Length = length;
    }

    private void Count(int left, int right, int piece, long count)
    {
        ref Pair? pair = ref CollectionsMarshal.GetValueRefOrAddDefault(_pairs, Ids(left, right), out _);
        if (pair is null)
            _made.Add(pair = new Pair { Left = left, Right = right });

        pair.Count += count;
        if (pair.Pieces.Count == 0 || pair.Pieces[^1] != piece)
            pair.Pieces.Add(piece);
    }

    private void Uncount(int left, int right, long count) => _pairs[Ids(left, right)].Count -= count;

    private void QueueMade()
    {
        foreach (Pair pair in _made)
            Queue(pair);

        _made.Clear();
    }

    private void Queue(Pair pair)
    {
        if (pair.Count >= _minimumFrequency && _tokens[pair.Left].Length + _tokens[pair.Right].Length <= _longestToken)
            _best.Enqueue(pair, (-pair.Count, Ids(pair.Left, pair.Right)));
    }

    private int AddToken(byte[] bytes)
    {
        _tokens.Add(bytes);
        _known.Add(bytes);
        return _tokens.Count - 1;
    }

    private static long Ids(int left, int right) => (long)left << 32 | (uint)right;

    private struct Piece
    {
        public int Start;
        public int Length;
        public long Count;
    }

    /// <summary>Two tokens side by side: how often, and in which pieces (in some of them perhaps no more).</summary>
    private sealed class Pair
    {
        public required int Left { get; init; }

        public required int Right { get; init; }

        public long Count { get; set; }

        public List<int> Pieces { get; } = [];
    }
}
