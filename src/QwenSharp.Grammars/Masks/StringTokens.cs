using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using QwenSharp.Grammars.Automata;
using QwenSharp.Grammars.Patterns;

namespace QwenSharp.Grammars.Masks;

/// <summary>What a string's state between two of its characters allows.</summary>
/// <param name="Inside">Bits of the tokens that end inside of the string, or with it.</param>
/// <param name="Closing">Bits of the tokens that end it and go on, as far as the string is concerned.</param>
internal sealed record StringMask(uint[] Inside, uint[] Closing)
{
    public void AddInside(Span<uint> mask) => MaskBits.Add(Inside, mask);
}

/// <summary>
/// The tokens as parts of JSON strings, each seen from between two characters: those that stay inside, with the number of characters they
/// begin, and those that end the string, with what they go on with. With this, the masks of strings are made without a walk where only the
/// length matters, and what comes behind a string is walked once, whatever stands in front of it.
/// </summary>
internal sealed class StringTokens
{
    private const int MaxKept = 2_048;

    private readonly TokenVocabulary _vocabulary;
    private readonly ConcurrentDictionary<(int, int), StringMask> _known = [];

    /// <summary>Tokens in the order of the characters that they begin; where those of each number start.</summary>
    private readonly int[] _inside;
    private readonly int[] _insideStarts;
    private readonly (int Token, int Characters, bool GoesOn)[] _closing;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public StringTokens(TokenVocabulary vocabulary)
    {
        _vocabulary = vocabulary;
        TokenTrie trie = vocabulary.Trie;
        JsonStringAutomaton free = new(new LengthAutomaton(0, Pattern.Unbounded), StringRole.OtherName);
        int between = free.Next(free.Start, (byte)'"');
        JsonStringAutomaton counted = new(new LengthAutomaton(0, trie.Deepest + 1), StringRole.Value);
        int[] states = new int[trie.Deepest + 1];
        int[] counts = new int[states.Length];
        ContentHash[] hashes = new ContentHash[states.Length];
        states[0] = between;
        counts[0] = counted.Next(counted.Start, (byte)'"');
        List<(int Token, int Characters)> inside = [];
        List<(int Token, int Characters, bool GoesOn)> closing = [];
        Dictionary<ContentHash, List<int>> contents = [];
        List<(ReadOnlyMemory<byte> Left, int Token)> rests = [];
        for (int node = 0; node < trie.Count;)
        {
            int depth = trie.Depths[node];
            byte value = trie.Bytes[node];
            int before = states[depth - 1];
            int next = free.Next(before, value);
            if (next < 0)
            {
                node = trie.Ends[node];
                continue;
            }

            states[depth] = next;
            counts[depth] = counted.Next(counts[depth - 1], value);
            hashes[depth] = free.Hash(hashes[depth - 1], before, value);
            if (free.EndsContent(before, value))
            {
                int characters = counted.Characters(counts[depth - 1]);
                ref List<int>? group = ref CollectionsMarshal.GetValueRefOrAddDefault(contents, hashes[depth], out _);
                group ??= [];
                for (int i = trie.TokenStarts[node]; i < trie.TokenStarts[trie.Ends[node]]; i++)
                {
                    int token = trie.Tokens[i];
                    group.Add(token);
                    ReadOnlyMemory<byte> left = vocabulary.Bytes(token)[depth..];
                    closing.Add((token, characters, left.Length > 0));
                    if (left.Length > 0)
                        rests.Add((left, token));
                }

                node = trie.Ends[node];
                continue;
            }

            for (int i = trie.TokenStarts[node]; i < trie.TokenStarts[node + 1]; i++)
                inside.Add((trie.Tokens[i], counted.Characters(counts[depth])));
            node++;
        }

        inside.Sort((a, b) => a.Characters.CompareTo(b.Characters));
        _inside = [.. inside.Select(entry => entry.Token)];
        _insideStarts = new int[trie.Deepest + 3];
        int at = 0;
        for (int characters = 0; characters < _insideStarts.Length; characters++)
        {
            while (at < inside.Count && inside[at].Characters < characters)
                at++;
            _insideStarts[characters] = at;
        }

        _closing = [.. closing];
        Contents = contents.ToDictionary(group => group.Key, group => group.Value.ToArray());
        Rests = TokenTrie.Of(rests.Count, i => rests[i].Left, i => rests[i].Token);
    }

    /// <summary>By what the content of a string goes on with to its end: the tokens that end it so.</summary>
    public Dictionary<ContentHash, int[]> Contents { get; }

    /// <summary>What tokens go on with behind the end of a string.</summary>
    public TokenTrie Rests { get; }

    /// <summary>The mask of a string of any characters, of which at least and at most so many are missing.</summary>
    public StringMask OfLength(int low, int high)
    {
        int far = _vocabulary.Trie.Deepest + 1;
        (int, int) key = (Math.Clamp(low, 0, far), Math.Min(high, far));
        if (_known.TryGetValue(key, out StringMask? known))
            return known;
        StringMask made = Make(key.Item1, key.Item2);
        if (_known.Count < MaxKept)
            _known.TryAdd(key, made);
        return made;
    }

    /// <summary>The mask of a state between two characters.</summary>
    /// <remarks>
    /// Below a node at which any content may follow, tokens are allowed as they are in any string; a state that soon allows all, as behind
    /// the first character that an excluded name does not have, is therefore the mask of any string with a few exceptions.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public StringMask Of(JsonStringAutomaton automaton, int state)
    {
        StringMask any = OfLength(0, int.MaxValue);
        if (automaton.AllowsAll(state))
            return any;
        TokenTrie trie = _vocabulary.Trie;
        uint[] inside = new uint[_vocabulary.MaskLength];
        uint[] closing = new uint[_vocabulary.MaskLength];
        int[] states = new int[trie.Deepest + 1];
        byte[] bytes = trie.Bytes;
        ushort[] depths = trie.Depths;
        int[] starts = trie.TokenStarts;
        int[] tokens = trie.Tokens;
        int[] ends = trie.Ends;
        int closed = automaton.ClosedState;
        List<(int First, int End)> free = [];
        List<(int First, int End)> others = [];
        int freeTokens = 0;
        int from = 0;
        states[0] = state;
        for (int node = 0; node < bytes.Length;)
        {
            int depth = depths[node];
            int before = states[depth - 1];
            int next = automaton.Next(before, bytes[node]);
            if (next < 0)
            {
                node = ends[node];
                continue;
            }

            states[depth] = next;
            if (next != before && automaton.AllowsAll(next))
            {
                (int First, int End) range = (starts[node], starts[ends[node]]);
                free.Add(range);
                others.Add((from, range.First));
                from = range.End;
                freeTokens += range.End - range.First;
                node = ends[node];
                continue;
            }

            int last = starts[node + 1];
            for (int i = starts[node]; i < last; i++)
                inside[tokens[i] >> 5] |= 1u << tokens[i];
            if (next != closed)
            {
                node++;
                continue;
            }

            node = ends[node];
            for (int i = last; i < starts[node]; i++)
                closing[tokens[i] >> 5] |= 1u << tokens[i];
        }

        others.Add((from, tokens.Length));
        bool isMostlyFree = freeTokens > tokens.Length / 2;
        AddFree(inside, any.Inside, tokens, isMostlyFree ? others : free, isMostlyFree);
        AddFree(closing, any.Closing, tokens, isMostlyFree ? others : free, isMostlyFree);
        return new StringMask(inside, closing);
    }

    /// <summary>Adds bits of the tokens in ranges, or of those outside of them.</summary>
    private static void AddFree(uint[] bits, uint[] any, int[] tokens, List<(int First, int End)> ranges, bool outside)
    {
        uint[] those = outside ? (uint[])any.Clone() : bits;
        foreach ((int first, int end) in ranges)
        {
            foreach (int token in tokens.AsSpan(first..end))
            {
                if (outside)
                    those[token >> 5] &= ~(1u << token);
                else
                    those[token >> 5] |= any[token >> 5] & (1u << token);
            }
        }

        if (outside)
            MaskBits.Add(those, bits);
    }

    private StringMask Make(int low, int high)
    {
        uint[] inside = new uint[_vocabulary.MaskLength];
        uint[] closing = new uint[_vocabulary.MaskLength];
        foreach (int token in _inside.AsSpan(0, _insideStarts[Math.Min(high + 1, _insideStarts.Length - 1)]))
            inside[token >> 5] |= 1u << token;
        foreach ((int token, int characters, bool goesOn) in _closing)
        {
            if (characters >= low && characters <= high)
                (goesOn ? closing : inside)[token >> 5] |= 1u << token;
        }

        return new StringMask(inside, closing);
    }
}

/// <summary>Bits of many tokens at a time.</summary>
internal static class MaskBits
{
    public static void Add(ReadOnlySpan<uint> bits, Span<uint> mask)
    {
        Span<System.Numerics.Vector<uint>> target = MemoryMarshal.Cast<uint, System.Numerics.Vector<uint>>(mask[..bits.Length]);
        ReadOnlySpan<System.Numerics.Vector<uint>> source = MemoryMarshal.Cast<uint, System.Numerics.Vector<uint>>(bits);
        int i = 0;
        for (; i < target.Length; i++)
            target[i] |= source[i];
        for (i *= System.Numerics.Vector<uint>.Count; i < bits.Length; i++)
            mask[i] |= bits[i];
    }
}
