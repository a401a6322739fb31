using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using QwenSharp.Grammars.Masks;

namespace QwenSharp.Grammars.Automata;

/// <summary>
/// A deterministic automaton over bytes, whose transitions are found when they are first asked for. From every state that is reached an
/// accepting one can be. Safe for use by many threads.
/// </summary>
internal abstract class ByteAutomaton
{
    /// <summary>The transition of a byte that nothing can come of.</summary>
    public const int Dead = -1;

    private const int Unknown = -2;

    /// <summary>How many states one automaton may have at a time: a bound on the memory that a hostile pattern takes.</summary>
    private const int MaxStates = 60_000;

    private readonly Lock _lock = new();
    private int[]?[] _rows = new int[]?[8];
    private MaskTable? _masks;

    /// <summary>Where a text begins. No text ends there; where the empty one is allowed, <see cref="AcceptsEmpty"/> says so.</summary>
    public int Start { get; protected init; }

    /// <summary>Whether the empty text is one.</summary>
    public bool AcceptsEmpty { get; protected init; }

    /// <summary>Held while states are made.</summary>
    protected Lock Sync => _lock;

    /// <summary>Whether the content of the strings is told apart, because some may be excluded as the matcher goes.</summary>
    public virtual bool TracksContent => false;

    /// <summary>Whether the texts that are still allowed change as the matcher goes, so that no mask can be kept.</summary>
    public virtual bool IsKeyed => false;

    /// <summary>The state behind a byte, or <see cref="Dead"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Next(int state, byte value)
    {
        int[]?[] rows = Volatile.Read(ref _rows);
        int next = state < rows.Length && rows[state] is { } row ? row[value] : Unknown;
        return next != Unknown ? next : Find(state, value);
    }

    /// <summary>Whether a text may end in a state.</summary>
    public abstract bool Accepts(int state);

    /// <summary>Which of the texts it was that ended in a state.</summary>
    public virtual int Label(int state) => 0;

    /// <summary>Which of the texts are ahead of a state: the first, and the one behind the last.</summary>
    public virtual (int First, int End) Ahead(int state) => (0, 0);

    /// <summary>Whether a byte ends the content of a string.</summary>
    public virtual bool EndsContent(int state, byte value) => false;

    /// <summary>The hash of the content, with what a byte adds to it.</summary>
    public virtual ContentHash Hash(ContentHash hash, int state, byte value) => hash;

    /// <summary>
    /// What a state's mask is shared under: states of automata with the same share allow the same tokens. Null where it is the state's
    /// alone.
    /// </summary>
    /// <param name="state">The state.</param>
    /// <param name="longest">The number of bytes of the longest token: what lies farther ahead makes no difference.</param>
    public virtual ShareKey? Share(int state, int longest) => null;

    /// <summary>What a state allows of a vocabulary; found when it is first asked for.</summary>
    public StateMask Mask(TokenVocabulary vocabulary, int state)
    {
        MaskTable? table = Volatile.Read(ref _masks);
        if (table is null || table.Vocabulary != vocabulary)
            Volatile.Write(ref _masks, table = new MaskTable(vocabulary));
        return table.Get(this, state);
    }

    /// <summary>Finds a transition; under the lock.</summary>
    protected abstract int Compute(int state, byte value);

    /// <summary>What a string's state between two characters allows of a vocabulary.</summary>
    public StringMask StringMask(TokenVocabulary vocabulary, int state)
    {
        MaskTable? table = Volatile.Read(ref _masks);
        if (table is null || table.Vocabulary != vocabulary)
            Volatile.Write(ref _masks, table = new MaskTable(vocabulary));
        return table.GetString((JsonStringAutomaton)this, state);
    }

    private int Find(int state, byte value)
    {
        lock (_lock)
        {
            if (state >= MaxStates)
                throw new GrammarException("pattern", "", "its automaton is too large.");
            if (state >= _rows.Length)
            {
                int[]?[] larger = new int[]?[Math.Max(state + 1, 2 * _rows.Length)];
                _rows.CopyTo(larger, 0);
                Volatile.Write(ref _rows, larger);
            }

            int[]? row = _rows[state];
            if (row is null)
            {
                row = new int[256];
                Array.Fill(row, Unknown);
                Volatile.Write(ref _rows[state], row);
            }

            if (row[value] == Unknown)
                Volatile.Write(ref row[value], Compute(state, value));
            return row[value];
        }
    }

    /// <summary>The masks of one automaton with one vocabulary.</summary>
    private sealed class MaskTable(TokenVocabulary vocabulary)
    {
        /// <summary>How many masks of many tokens are kept; each takes a bit for every token.</summary>
        private const int MaxDense = 400;

        private readonly ConcurrentDictionary<int, StateMask> _known = [];
        private readonly ConcurrentDictionary<int, StringMask> _strings = [];
        private readonly ConcurrentDictionary<(int, int, int), StringMask> _bounded = [];
        private int _dense;

        public TokenVocabulary Vocabulary => vocabulary;

        public StringMask GetString(JsonStringAutomaton automaton, int state)
        {
            if (_strings.TryGetValue(state, out StringMask? known))
                return known;
            automaton.IsBetween(state, out int content);
            (int, int, int) far = default;
            if (automaton.Content is BoundedAutomaton bounded)
            {
                far = bounded.Far(content, vocabulary.Trie.Deepest + 1);
                if (_bounded.TryGetValue(far, out known))
                    return _strings[state] = known;
            }

            StringMask mask = automaton.Content is LengthAutomaton length
                ? vocabulary.Strings.OfLength(
                    length.Min - content,
                    length.Max == Patterns.Pattern.Unbounded ? int.MaxValue : length.Max - content)
                : far.Item3 == int.MaxValue && far.Item2 == 0 && automaton.Unbounded is { } unbounded
                    ? vocabulary.Strings.Of(unbounded, unbounded.Between(far.Item1))
                    : vocabulary.Strings.Of(automaton, state);
            if (automaton.Content is LengthAutomaton || Interlocked.Increment(ref _dense) <= MaxDense)
                _strings.TryAdd(state, mask);
            if (automaton.Content is BoundedAutomaton)
                _bounded.TryAdd(far, mask);
            return mask;
        }

        public StateMask Get(ByteAutomaton automaton, int state)
        {
            if (_known.TryGetValue(state, out StateMask? known))
                return known;
            StateMask? shared = vocabulary.Shared(automaton, state);
            StateMask mask = shared ?? StateMask.Of(vocabulary, automaton, state);
            if (shared is not null || !mask.IsDense || Interlocked.Increment(ref _dense) <= MaxDense)
                _known.TryAdd(state, mask);
            return mask;
        }
    }
}

/// <summary>What the masks of equal states of many automata are kept under.</summary>
/// <param name="Kind">The kind of automaton.</param>
/// <param name="Mode">The kind of state.</param>
/// <param name="State">The state, without what the bounds say.</param>
/// <param name="Low">A lower bound that is ahead.</param>
/// <param name="High">An upper bound that is ahead.</param>
internal readonly record struct ShareKey(string Kind, int Mode, int State, int Low, int High);

/// <summary>
/// A hash of a text, byte by byte: a polynomial modulo 2⁶¹−1, so that the hash of what follows can be told from those of the whole and of
/// the beginning.
/// </summary>
/// <param name="Value">The hash.</param>
/// <param name="Length">Bytes so far.</param>
internal readonly record struct ContentHash(ulong Value, int Length)
{
    private const ulong Modulus = (1UL << 61) - 1;
    private const ulong Base = 0x1F3A_5C79_8D24_6B0B % Modulus;

    /// <summary>The content of a text that is not known.</summary>
    public static ContentHash Unknown { get; } = new(ulong.MaxValue, -1);

    public bool IsUnknown => Length < 0;

    /// <summary>What stands for a value that is no string; no text has it.</summary>
    public static ContentHash OfMark(int mark) => new((ulong)mark, int.MaxValue);

    public static ContentHash Of(ReadOnlySpan<byte> bytes)
    {
        ContentHash hash = default;
        foreach (byte value in bytes)
            hash = hash.With(value);
        return hash;
    }

    public ContentHash With(byte value) => new(Add(Multiply(Value, Base), value + 1UL), Length + 1);

    /// <summary>The hash of what this text goes on with behind a beginning; only where it is no shorter.</summary>
    public ContentHash After(ContentHash beginning)
    {
        int length = Length - beginning.Length;
        ulong shifted = beginning.Value;
        ulong power = Base;
        for (int left = length; left > 0; left >>= 1)
        {
            if ((left & 1) != 0)
                shifted = Multiply(shifted, power);
            power = Multiply(power, power);
        }

        return new ContentHash(Add(Value, Modulus - shifted), length);
    }

    private static ulong Add(ulong a, ulong b)
    {
        ulong sum = a + b;
        sum = (sum & Modulus) + (sum >> 61);
        return sum >= Modulus ? sum - Modulus : sum;
    }

    private static ulong Multiply(ulong a, ulong b)
    {
        ulong high = Math.BigMul(a, b, out ulong low);
        return Add(low & Modulus, (high << 3) | (low >> 61));
    }
}
