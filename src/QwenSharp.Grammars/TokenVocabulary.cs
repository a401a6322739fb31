using System.Collections.Concurrent;
using QwenSharp.Grammars.Automata;
using QwenSharp.Grammars.Masks;
using QwenSharp.Tokenizers;

namespace QwenSharp.Grammars;

/// <summary>
/// The tokens that a model may write, by their bytes: made once for a tokenizer, and shared by all grammars and threads. Control tokens
/// are not among them: no grammar allows one.
/// </summary>
public sealed class TokenVocabulary
{
    private const int MaxShared = 3_000;

    private readonly ReadOnlyMemory<byte>[] _bytes;
    private readonly ConcurrentDictionary<ShareKey, StateMask> _shared = [];
    private StringTokens? _strings;

    /// <summary>A vocabulary of tokens' bytes.</summary>
    /// <param name="tokens">The bytes by token id; empty for an id that no grammar may allow.</param>
    public TokenVocabulary(IReadOnlyList<ReadOnlyMemory<byte>> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        _bytes = [.. tokens];
        Trie = TokenTrie.Of(_bytes.Length, id => _bytes[id], id => id);
    }

    /// <summary>The number of token ids.</summary>
    public int Size => _bytes.Length;

    /// <summary>Words of 32 bits that a mask takes.</summary>
    public int MaskLength => (Size + 31) / 32;

    internal TokenTrie Trie { get; }

    /// <summary>The tokens as parts of JSON strings.</summary>
    internal StringTokens Strings => LazyInitializer.EnsureInitialized(ref _strings, () => new StringTokens(this));

    /// <summary>The vocabulary of a tokenizer: all of its tokens but those that steer the model.</summary>
    public static TokenVocabulary Of(BpeTokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ReadOnlyMemory<byte>[] tokens = new ReadOnlyMemory<byte>[tokenizer.VocabularySize];
        for (int id = 0; id < tokens.Length; id++)
        {
            if (!tokenizer.IsControl(id))
                tokens[id] = tokenizer.GetBytes(id).ToArray();
        }

        return new TokenVocabulary(tokens);
    }

    /// <summary>The bytes of a token; none for one that no grammar allows.</summary>
    internal ReadOnlyMemory<byte> Bytes(int token) => _bytes[token];

    /// <summary>Whether a token begins with a text and goes on behind it.</summary>
    internal bool IsPrefix(ReadOnlySpan<byte> text) => Find(text, out int node) && Trie.Ends[node] > node + 1;

    /// <summary>The longest token that a text begins with; below zero where there is none.</summary>
    internal int Longest(ReadOnlySpan<byte> text, out int length)
    {
        int best = -1;
        length = 0;
        int end = Trie.Count;
        int depth = 0;
        for (int node = 0; node < end && depth < text.Length;)
        {
            if (Trie.Bytes[node] != text[depth])
            {
                node = Trie.Ends[node];
                continue;
            }

            depth++;
            if (Trie.TokenStarts[node + 1] > Trie.TokenStarts[node])
                (best, length) = (Trie.Tokens[Trie.TokenStarts[node]], depth);
            end = Trie.Ends[node];
            node++;
        }

        return best;
    }

    private bool Find(ReadOnlySpan<byte> text, out int found)
    {
        found = -1;
        int end = Trie.Count;
        int depth = 0;
        for (int node = 0; node < end && depth < text.Length;)
        {
            if (Trie.Bytes[node] != text[depth])
            {
                node = Trie.Ends[node];
                continue;
            }

            found = node;
            depth++;
            end = Trie.Ends[node];
            node++;
        }

        return depth == text.Length;
    }

    /// <summary>The mask of a state that automata of many grammars have; null where it is the automaton's own.</summary>
    internal StateMask? Shared(ByteAutomaton automaton, int state)
    {
        if (automaton.Share(state, Trie.Deepest) is not { } key)
            return null;
        if (_shared.TryGetValue(key, out StateMask? known))
            return known;
        StateMask made = StateMask.Of(this, automaton, state);
        if (_shared.Count < MaxShared)
            _shared.TryAdd(key, made);
        return made;
    }
}
