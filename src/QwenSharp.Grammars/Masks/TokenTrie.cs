namespace QwenSharp.Grammars.Masks;

/// <summary>
/// Tokens by their bytes. Nodes lie in the order of a walk from the root that goes deep first: the children of a node follow it, and
/// <see cref="Ends"/> says where the walk goes on that leaves them out.
/// </summary>
internal sealed class TokenTrie
{
    private TokenTrie(byte[] bytes, ushort[] depths, int[] ends, int[] tokenStarts, int[] tokens)
    {
        Bytes = bytes;
        Depths = depths;
        Ends = ends;
        TokenStarts = tokenStarts;
        Tokens = tokens;
        Deepest = depths.Length == 0 ? 0 : depths.Max();
    }

    /// <summary>The byte that leads to a node.</summary>
    public byte[] Bytes { get; }

    /// <summary>Bytes from the root to a node.</summary>
    public ushort[] Depths { get; }

    /// <summary>The node behind the last one below a node.</summary>
    public int[] Ends { get; }

    /// <summary>
    /// Tokens of a node are <c>Tokens[TokenStarts[node]..TokenStarts[node + 1]]</c>, those below it go up to that of its end.
    /// </summary>
    public int[] TokenStarts { get; }

    public int[] Tokens { get; }

    public int Count => Bytes.Length;

    public int Deepest { get; }

    /// <summary>A trie of texts with their tokens; an empty text is left out.</summary>
    /// <param name="count">The number of texts.</param>
    /// <param name="text">A text.</param>
    /// <param name="token">Its token.</param>
    public static TokenTrie Of(int count, Func<int, ReadOnlyMemory<byte>> text, Func<int, int> token)
    {
        ReadOnlyMemory<byte>[] texts = new ReadOnlyMemory<byte>[count];
        int[] order = new int[count];
        for (int i = 0; i < count; i++)
        {
            texts[i] = text(i);
            order[i] = i;
        }

        Array.Sort(order, (a, b) => texts[a].Span.SequenceCompareTo(texts[b].Span));
        List<byte> bytes = [];
        List<ushort> depths = [];
        List<int> starts = [];
        List<int> tokens = [];
        ReadOnlySpan<byte> before = [];
        foreach (int index in order)
        {
            ReadOnlySpan<byte> now = texts[index].Span;
            if (now.Length is 0 or > ushort.MaxValue)
                continue;
            for (int depth = before.CommonPrefixLength(now); depth < now.Length; depth++)
            {
                bytes.Add(now[depth]);
                depths.Add((ushort)(depth + 1));
                starts.Add(tokens.Count);
            }

            tokens.Add(token(index));
            before = now;
        }

        starts.Add(tokens.Count);
        int[] ends = new int[bytes.Count];
        Stack<int> open = [];
        for (int node = 0; node < ends.Length; node++)
        {
            while (open.TryPeek(out int above) && depths[above] >= depths[node])
                ends[open.Pop()] = node;
            open.Push(node);
        }

        while (open.TryPop(out int last))
            ends[last] = ends.Length;
        return new TokenTrie([.. bytes], [.. depths], ends, [.. starts], [.. tokens]);
    }
}
