using System.Runtime.CompilerServices;
using QwenSharp.Grammars.Automata;
using QwenSharp.Grammars.Masks;
using QwenSharp.Grammars.Matching;

namespace QwenSharp.Grammars;

/// <summary>
/// Follows one text through a grammar, token by token, and says which tokens may come next. Not for several threads at once; the grammar
/// and the vocabulary are.
/// </summary>
public sealed class GrammarMatcher
{
    private readonly Grammar _grammar;
    private readonly TokenVocabulary _vocabulary;
    private readonly int[] _endTokens;
    private PlaceList _places = new();
    private PlaceList _other = new();
    private PlaceList _spare = new();
    private bool _mayEndEmpty;
    private PlaceList? _walked;
    private int[] _firsts = [];
    private uint[]? _scratch;
    private uint[]? _mask;
    private PlaceList? _maskPlaces;
    private List<ContentHash>? _excluded;

    /// <summary>A matcher at the beginning of a text.</summary>
    /// <param name="grammar">What the text must be.</param>
    /// <param name="vocabulary">The tokens that it is written in.</param>
    /// <param name="endTokens">The tokens that end it: allowed where the grammar may end, and nowhere else.</param>
    public GrammarMatcher(Grammar grammar, TokenVocabulary vocabulary, params ReadOnlySpan<int> endTokens)
    {
        ArgumentNullException.ThrowIfNull(grammar);
        ArgumentNullException.ThrowIfNull(vocabulary);
        _grammar = grammar;
        _vocabulary = vocabulary;
        _endTokens = endTokens.ToArray();
        ContinuationBuilder builder = new();
        builder.Add(grammar.Expression, new EndFrame());
        Continuation start = builder.ToContinuation();
        _places.AddRange(start.Places);
        _mayEndEmpty = start.MayEnd;
    }

    private GrammarMatcher(GrammarMatcher other)
    {
        _grammar = other._grammar;
        _vocabulary = other._vocabulary;
        _endTokens = other._endTokens;
        _places.AddRange(other._places.Span);
        _mayEndEmpty = other._mayEndEmpty;
        IsFinished = other.IsFinished;
    }

    /// <summary>Whether the text may end here.</summary>
    public bool IsAccepting => _mayEndEmpty || MayEnd(_places.Span);

    /// <summary>Whether the text has ended: an end token was taken.</summary>
    public bool IsFinished { get; private set; }

    /// <summary>Whether nothing but the end may come.</summary>
    public bool IsComplete => IsFinished || !HasNext();

    /// <summary>A matcher at the same place of the same text, that goes its own way from here.</summary>
    public GrammarMatcher Clone() => new(this);

    /// <summary>Says which tokens may come next.</summary>
    /// <param name="mask">Receives a bit for each token id: id <c>i</c> is bit <c>i % 32</c> of word <c>i / 32</c>. At least
    /// <see cref="TokenVocabulary.MaskLength"/> words; what lies beyond the vocabulary is cleared, but for the end tokens.</param>
    /// <exception cref="ArgumentException">The mask is too short.</exception>
    public void FillMask(Span<uint> mask)
    {
        if (mask.Length < _vocabulary.MaskLength)
            throw new ArgumentException($"The mask has {mask.Length} words; {_vocabulary.MaskLength} are needed.", nameof(mask));
        if (IsFinished)
        {
            mask.Clear();
            return;
        }

        // Inside of a string or a number, one token after the other leads to the same places.
        if (_maskPlaces is null || !_places.Span.SequenceEqual(_maskPlaces.Span))
        {
            uint[] made = _mask ??= new uint[_vocabulary.MaskLength];
            Array.Clear(made);
            _maskPlaces = null;
            (_walked ??= new PlaceList()).Clear();
            foreach (ref readonly Place place in _places.Span)
                AddPlace(place, made);
            (_maskPlaces = new PlaceList()).AddRange(_places.Span);
        }

        _mask.CopyTo(mask);
        mask[_vocabulary.MaskLength..].Clear();
        if (!IsAccepting)
            return;
        foreach (int token in _endTokens)
        {
            if (token >= 0 && token >> 5 < mask.Length)
                mask[token >> 5] |= 1u << token;
        }
    }

    /// <summary>Takes a token, or leaves all as it is where it may not come next.</summary>
    /// <returns>Whether it was taken.</returns>
    public bool TryAdvance(int token)
    {
        if (IsFinished)
            return false;
        if (Array.IndexOf(_endTokens, token) >= 0)
            return IsFinished = IsAccepting;
        return (uint)token < (uint)_vocabulary.Size && TryAdvance(_vocabulary.Bytes(token).Span);
    }

    /// <summary>Takes bytes of the text, or leaves all as it is where they may not come next.</summary>
    /// <returns>Whether they were taken; no bytes are not.</returns>
    public bool TryAdvance(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || IsFinished)
            return false;
        PlaceList from = _places;
        PlaceList spare = _spare;
        PlaceList to = _other;
        foreach (byte value in bytes)
        {
            to.Clear();
            foreach (ref readonly Place place in from.Span)
                to.Step(place, value, 0);
            if (to.Count == 0)
                return false;
            (from, to) = (to, from == _places ? spare : from);
        }

        // Three lists take turns: where the text was, where it is, and one to write to.
        _spare = to;
        _other = _places;
        _places = from;
        _mayEndEmpty = false;
        return true;
    }

    /// <summary>The bytes that must come next, where there is only one way on.</summary>
    /// <param name="bytes">Receives them.</param>
    /// <param name="limit">The most that are wanted.</param>
    /// <returns>Whether there are any.</returns>
    public bool TryForced(List<byte> bytes, int limit = 1024)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        int before = bytes.Count;
        if (IsFinished || _mayEndEmpty)
            return false;
        PlaceList from = new();
        PlaceList to = new();
        from.AddRange(_places.Span);
        while (bytes.Count - before < limit && !MayEnd(from.Span))
        {
            int only = OnlyNext(from, to);
            if (only < 0)
                break;
            bytes.Add((byte)only);
            to.Clear();
            foreach (ref readonly Place place in from.Span)
                to.Step(place, (byte)only, 0);
            (from, to) = (to, from);
        }

        return bytes.Count > before;
    }

    /// <summary>
    /// The tokens that must come next, where there is only one way on. Where a token might begin with the end of the text and go on behind
    /// it, as in a name whose first letters alone are known, that end is left out, so that the model may write it as it would.
    /// </summary>
    /// <param name="tokens">Receives them.</param>
    /// <param name="tokenize">Writes bytes as tokens, as the model's tokenizer does; null for the longest tokens from the left.</param>
    /// <returns>Whether there are any.</returns>
    public bool TryForcedTokens(List<int> tokens, Func<ReadOnlyMemory<byte>, IReadOnlyList<int>>? tokenize = null)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        List<byte> bytes = [];
        if (!TryForced(bytes))
            return false;

        byte[] text = [.. bytes];
        IReadOnlyList<int> written = tokenize is null ? LongestTokens(text) : tokenize(text);
        if (written.Sum(token => (uint)token < (uint)_vocabulary.Size ? _vocabulary.Bytes(token).Length : 0) != text.Length)
            return false;

        int before = tokens.Count;
        int at = 0;
        foreach (int token in written)
        {
            if (_vocabulary.IsPrefix(text.AsSpan(at)))
                break;

            tokens.Add(token);
            at += _vocabulary.Bytes(token).Length;
        }

        return tokens.Count > before;
    }

    private static bool MayEnd(ReadOnlySpan<Place> places)
    {
        foreach (ref readonly Place place in places)
        {
            if (place.Automaton.Accepts(place.State) && place.Frame.After(place.Automaton.Label(place.State), place.Hash).MayEnd)
                return true;
        }

        return false;
    }

    /// <summary>The byte that alone may come next; below zero where there is none, or more than one.</summary>
    private static int OnlyNext(PlaceList from, PlaceList scratch)
    {
        int only = -1;
        for (int value = 0; value < 256; value++)
        {
            scratch.Clear();
            foreach (ref readonly Place place in from.Span)
            {
                scratch.Step(place, (byte)value, 0);
                if (scratch.Count > 0)
                    break;
            }

            if (scratch.Count == 0)
                continue;
            if (only >= 0)
                return -2;
            only = value;
        }

        return only;
    }

    private bool HasNext()
    {
        PlaceList scratch = new();
        PlaceList from = _places;
        return OnlyNext(from, scratch) is >= 0 or -2;
    }

    private List<int> LongestTokens(ReadOnlySpan<byte> text)
    {
        List<int> tokens = [];
        while (!text.IsEmpty)
        {
            int token = _vocabulary.Longest(text, out int length);
            if (token < 0)
                break;
            tokens.Add(token);
            text = text[length..];
        }

        return tokens;
    }

    private void AddPlace(in Place place, Span<uint> mask)
    {
        ByteAutomaton automaton = place.Automaton;
        if (automaton.IsKeyed)
        {
            Walk(_vocabulary.Trie, [place], mask);
            return;
        }

        if (automaton is JsonStringAutomaton text && text.IsBetween(place.State, out _))
        {
            AddString(place, text, mask);
            return;
        }

        StateMask own = automaton.Mask(_vocabulary, place.State);
        if (own.Contents is { Count: > 0 } contents && Exceptions(place, contents) is { Count: > 0 } except)
        {
            uint[] scratch = _scratch ??= new uint[_vocabulary.MaskLength];
            Array.Clear(scratch);
            AddTokens(place, own, scratch);
            Remove(scratch, except, contents);
            for (int i = 0; i < scratch.Length; i++)
                mask[i] |= scratch[i];
        }
        else
        {
            AddTokens(place, own, mask);
        }

        if (!automaton.Accepts(place.State))
            return;
        foreach (ref readonly Place behind in place.Frame.After(automaton.Label(place.State), place.Hash).Places.AsSpan())
            AddPlace(behind, mask);
    }

    /// <summary>Adds the tokens of a string, between two of its characters.</summary>
    private void AddString(in Place place, JsonStringAutomaton automaton, Span<uint> mask)
    {
        StringTokens strings = _vocabulary.Strings;
        StringMask own = automaton.StringMask(_vocabulary, place.State);
        Place closed = new(automaton, automaton.ClosedState, place.Frame, ContentHash.Unknown);
        List<ContentHash>? except = automaton.TracksContent ? Exceptions(place, strings.Contents) : null;
        if (except is not { Count: > 0 })
        {
            own.AddInside(mask);
            Walk(strings.Rests, [closed], mask, own.Closing);
            return;
        }

        uint[] scratch = _scratch ??= new uint[_vocabulary.MaskLength];
        Array.Clear(scratch);
        own.AddInside(scratch);
        Walk(strings.Rests, [closed], scratch, own.Closing);
        Remove(scratch, except, strings.Contents);
        for (int i = 0; i < scratch.Length; i++)
            mask[i] |= scratch[i];
    }

    private static void Remove(uint[] mask, List<ContentHash> contents, Dictionary<ContentHash, int[]> tokens)
    {
        foreach (ContentHash content in contents)
        {
            foreach (int token in tokens[content])
                mask[token >> 5] &= ~(1u << token);
        }
    }

    /// <summary>The ends of a string that would make it one that may not stand here, as far as a token writes one.</summary>
    private List<ContentHash> Exceptions(in Place place, Dictionary<ContentHash, int[]> contents)
    {
        List<ContentHash> excluded = _excluded ??= [];
        excluded.Clear();
        place.Frame.Excluded(excluded);
        int kept = 0;
        for (int i = 0; i < excluded.Count; i++)
        {
            if (excluded[i].Length < place.Hash.Length)
                continue;
            ContentHash rest = excluded[i].After(place.Hash);
            if (contents.ContainsKey(rest))
                excluded[kept++] = rest;
        }

        excluded.RemoveRange(kept, excluded.Count - kept);
        return excluded;
    }

    private void AddTokens(in Place place, StateMask own, Span<uint> mask)
    {
        own.AddInside(mask);
        foreach (StateMask.Exit exit in own.Exits)
        {
            Continuation after = place.Frame.After(exit.Label, ContentHash.Unknown);
            if (after.Places.Length == 0)
                continue;
            if (exit.Rests is { } rests)
                Walk(rests, after.Places, mask);
            else
                Walk(_vocabulary.Trie, [place], mask);
        }
    }

    /// <summary>Walks a trie from places, and adds the tokens that the grammar follows to their end, of some alone where they are
    /// given.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Walk(TokenTrie trie, ReadOnlySpan<Place> from, Span<uint> mask, uint[]? only = null)
    {
        PlaceList walked = _walked ??= new PlaceList();
        if (_firsts.Length < trie.Deepest + 2)
            _firsts = new int[trie.Deepest + 2];
        int[] firsts = _firsts;
        walked.Truncate(0);
        walked.AddRange(from);
        firsts[0] = 0;
        firsts[1] = walked.Count;
        byte[] bytes = trie.Bytes;
        long work = 0;
        for (int node = 0; node < bytes.Length;)
        {
            int depth = trie.Depths[node];
            int first = firsts[depth];
            work += first - firsts[depth - 1];
            walked.Truncate(first);
            for (int i = firsts[depth - 1]; i < first; i++)
                walked.Step(walked[i], bytes[node], first);
            if (walked.Count == first)
            {
                node = trie.Ends[node];
                continue;
            }

            firsts[depth + 1] = walked.Count;
            for (int i = trie.TokenStarts[node]; i < trie.TokenStarts[node + 1]; i++)
            {
                int token = trie.Tokens[i];
                uint bit = 1u << token;
                mask[token >> 5] |= only is null ? bit : bit & only[token >> 5];
            }

            node++;
        }

        walked.Spend(work);
    }
}
