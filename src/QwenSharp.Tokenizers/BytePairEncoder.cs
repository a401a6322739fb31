using System.Runtime.CompilerServices;

namespace QwenSharp.Tokenizers;

/// <summary>
/// Merges the bytes of one piece: always the adjacent pair of the lowest rank, the leftmost of equals, until none is left
/// (Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units").
/// </summary>
internal sealed class BytePairEncoder(TokenTable tokens, MergeTable merges, int[] byteTokens, bool ignoresMerges)
{
    /// <summary>Up to here a plain search for the best pair beats a heap.</summary>
    private const int ShortPiece = 80;

    /// <summary>
    /// Whether the bytes of a token are known to merge into just that token, so that a piece of these bytes needs no merging.
    /// It only ever turns true, and any thread that turns it so is right.
    /// </summary>
    private readonly bool[] _isWhole = new bool[tokens.Count];

    /// <summary>The merge of every two bytes, left × 256 + right: half of all look-ups, at a place that stays in the cache.</summary>
    private readonly ulong[] _bytePairs = MakeBytePairs(merges, byteTokens);

    /// <summary>Appends the tokens of one piece, which is not empty.</summary>
    public void Encode(ReadOnlySpan<byte> piece, List<int> output)
    {
        int token = tokens.Find(piece);
        if (token >= 0 && (ignoresMerges || _isWhole[token]))
        {
            output.Add(token);
            return;
        }

        int before = output.Count;
        Merge(piece, output);
        if (token >= 0 && output.Count == before + 1)
            _isWhole[token] = true;
    }

    private void Merge(ReadOnlySpan<byte> piece, List<int> output)
    {
        if (piece.Length <= ShortPiece)
            MergeShort(piece, output);
        else
            MergeLong(piece, output);
    }

    private void MergeShort(ReadOnlySpan<byte> piece, List<int> output)
    {
        // parts[i] is a token, and pairs[i] the merge of parts[i] and parts[i + 1].
        Span<int> parts = stackalloc int[ShortPiece];
        Span<ulong> pairs = stackalloc ulong[ShortPiece];
        int count = piece.Length;
        for (int i = 0; i < count; i++)
        {
            parts[i] = byteTokens[piece[i]];
            if (i > 0)
                pairs[i - 1] = _bytePairs[piece[i - 1] << 8 | piece[i]];
        }

        while (count > 1)
        {
            int best = 0;
            ulong merge = pairs[0];
            for (int i = 1; i < count - 1; i++)
            {
                if (pairs[i] < merge)
                {
                    merge = pairs[i];
                    best = i;
                }
            }

            if (merge == MergeTable.None)
                break;

            parts[best] = (int)(uint)merge;
            parts[(best + 2)..count].CopyTo(parts[(best + 1)..]);
            pairs[(best + 1)..(count - 1)].CopyTo(pairs[best..]);
            count--;
            if (best > 0)
                pairs[best - 1] = merges.Find(parts[best - 1], parts[best]);
            if (best < count - 1)
                pairs[best] = merges.Find(parts[best], parts[best + 1]);
        }

        output.AddRange(parts[..count]);
    }

    /// <summary>The same in n log n: the parts in a linked list, their pairs in a heap ordered by rank, then place.</summary>
    private void MergeLong(ReadOnlySpan<byte> piece, List<int> output)
    {
        int count = piece.Length;
        PooledList<Part> buffer = new(count);
        Span<Part> parts = buffer.Extend(count);
        PairHeap heap = new(count);
        for (int i = 0; i < count; i++)
            parts[i] = new Part { Token = byteTokens[piece[i]], Previous = i - 1, Next = i + 1, Pair = MergeTable.None };

        parts[^1].Next = -1;
        for (int i = 0; i < count - 1; i++)
            SetPair(parts, i, ref heap);

        while (heap.TryPop(out int rank, out int left))
        {
            // A pair that has changed since is in the heap again under its new rank, or merges no more.
            ref Part part = ref parts[left];
            if (part.Pair == MergeTable.None || (int)(part.Pair >> 32) != rank)
                continue;

            ref Part gone = ref parts[part.Next];
            part.Token = (int)(uint)part.Pair;
            part.Next = gone.Next;
            gone.Pair = MergeTable.None;
            if (part.Next >= 0)
                parts[part.Next].Previous = left;
            SetPair(parts, left, ref heap);
            if (part.Previous >= 0)
                SetPair(parts, part.Previous, ref heap);
        }

        for (int i = 0; i >= 0; i = parts[i].Next)
            output.Add(parts[i].Token);

        heap.Dispose();
        buffer.Dispose();
    }

    private void SetPair(Span<Part> parts, int left, ref PairHeap heap)
    {
        ref Part part = ref parts[left];
        part.Pair = part.Next < 0 ? MergeTable.None : merges.Find(part.Token, parts[part.Next].Token);
        if (part.Pair != MergeTable.None)
            heap.Push((int)(part.Pair >> 32), left);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // Runs once, before anything could be tiered up.
    private static ulong[] MakeBytePairs(MergeTable merges, int[] byteTokens)
    {
        ulong[] pairs = new ulong[256 * 256];
        for (int i = 0; i < pairs.Length; i++)
            pairs[i] = merges.Find(byteTokens[i >> 8], byteTokens[i & 255]);

        return pairs;
    }

    private struct Part
    {
        public int Token;
        public int Previous;
        public int Next;
        public ulong Pair;
    }
}
