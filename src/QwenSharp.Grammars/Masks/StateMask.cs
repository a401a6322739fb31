using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using QwenSharp.Grammars.Automata;

namespace QwenSharp.Grammars.Masks;

/// <summary>
/// What the state of an automaton allows, wherever the automaton stands in a grammar: the tokens that end inside of it, and, for those
/// that go on behind it, what of them is left there.
/// </summary>
internal sealed class StateMask
{
    /// <summary>With more rests of tokens than these, no trie of them is kept and the vocabulary is walked instead.</summary>
    private const int MaxRests = 250_000;

    /// <summary>Above this number of tokens they are kept as bits.</summary>
    private const int MaxListed = 900;

    private readonly TokenVocabulary _vocabulary;
    private readonly int[] _listed;
    private readonly uint[]? _bits;

    private StateMask(TokenVocabulary vocabulary, List<int> inside, Exit[] exits, Dictionary<ContentHash, int[]>? contents)
    {
        _vocabulary = vocabulary;
        Exits = exits;
        Contents = contents;
        if (inside.Count <= MaxListed)
        {
            _listed = [.. inside];
            return;
        }

        _listed = [];
        _bits = new uint[vocabulary.MaskLength];
        foreach (int token in inside)
            _bits[token >> 5] |= 1u << token;
    }

    /// <summary>Where tokens go on behind the automaton.</summary>
    public Exit[] Exits { get; }

    /// <summary>By what the content of a string goes on with to its end: the tokens that end it so.</summary>
    public Dictionary<ContentHash, int[]>? Contents { get; }

    public bool IsDense => _bits is not null;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static StateMask Of(TokenVocabulary vocabulary, ByteAutomaton automaton, int state)
    {
        TokenTrie trie = vocabulary.Trie;
        List<int> inside = [];
        SortedDictionary<int, List<int>> exits = [];
        Dictionary<ContentHash, List<int>>? contents = automaton.TracksContent ? [] : null;
        int[] states = new int[trie.Deepest + 1];
        ContentHash[] hashes = new ContentHash[contents is null ? 1 : states.Length];
        states[0] = state;
        ReadOnlySpan<byte> bytes = trie.Bytes;
        ReadOnlySpan<ushort> depths = trie.Depths;
        for (int node = 0; node < bytes.Length;)
        {
            int depth = depths[node];
            int before = states[depth - 1];
            byte value = bytes[node];
            int next = automaton.Next(before, value);
            if (next < 0)
            {
                node = trie.Ends[node];
                continue;
            }

            states[depth] = next;
            for (int i = trie.TokenStarts[node]; i < trie.TokenStarts[node + 1]; i++)
                inside.Add(trie.Tokens[i]);
            if (contents is not null)
            {
                hashes[depth] = automaton.Hash(hashes[depth - 1], before, value);
                if (automaton.EndsContent(before, value))
                {
                    ref List<int>? group = ref CollectionsMarshal.GetValueRefOrAddDefault(contents, hashes[depth], out _);
                    (group ??= []).AddRange(trie.Tokens.AsSpan(trie.TokenStarts[node]..trie.TokenStarts[trie.Ends[node]]));
                }
            }

            if (trie.Ends[node] > node + 1 && automaton.Accepts(next))
            {
                int label = automaton.Label(next);
                if (!exits.TryGetValue(label, out List<int>? nodes))
                    exits[label] = nodes = [];
                nodes.Add(node);
            }

            node++;
        }

        return new StateMask(
            vocabulary,
            inside,
            [.. exits.Select(exit => new Exit(vocabulary, exit.Key, [.. exit.Value]))],
            contents?.ToDictionary(group => group.Key, group => group.Value.ToArray()));
    }

    /// <summary>Adds the tokens that end inside of the automaton.</summary>
    public void AddInside(Span<uint> mask)
    {
        foreach (int token in _listed)
            mask[token >> 5] |= 1u << token;
        if (_bits is not null)
            MaskBits.Add(_bits, mask);
    }

    /// <summary>Places in the vocabulary's trie at which a text of the automaton has ended and tokens go on.</summary>
    internal sealed class Exit(TokenVocabulary vocabulary, int label, int[] nodes)
    {
        private TokenTrie? _rests;
        private bool _isTooLarge;

        /// <summary>Which text it was.</summary>
        public int Label => label;

        /// <summary>The rests of the tokens behind the places; null where they are too many.</summary>
        public TokenTrie? Rests => _rests is not null || _isTooLarge ? _rests : Gather();

        private TokenTrie? Gather()
        {
            TokenTrie trie = vocabulary.Trie;
            List<(ReadOnlyMemory<byte> Left, int Token)> rests = [];
            foreach (int node in nodes)
            {
                int depth = trie.Depths[node];
                for (int i = trie.TokenStarts[node + 1]; i < trie.TokenStarts[trie.Ends[node]]; i++)
                    rests.Add((vocabulary.Bytes(trie.Tokens[i])[depth..], trie.Tokens[i]));
                if (rests.Count > MaxRests)
                {
                    _isTooLarge = true;
                    return null;
                }
            }

            return _rests = TokenTrie.Of(rests.Count, i => rests[i].Left, i => rests[i].Token);
        }
    }
}
