using System.Text;
using QwenSharp.Grammars.Patterns;

namespace QwenSharp.Grammars.Automata;

/// <summary>What a string is, where it stands.</summary>
internal enum StringRole
{
    /// <summary>A value.</summary>
    Value,

    /// <summary>One of the names that an object's schema lists, with the colon behind it.</summary>
    ListedName,

    /// <summary>Any other name of an object's member, with the colon behind it.</summary>
    OtherName,

    /// <summary>An item that is one of a list of texts and stands once in its array.</summary>
    ListedItem,

    /// <summary>Any item that stands once in its array.</summary>
    OtherItem,
}

/// <summary>
/// A JSON string whose content is in a language: raw UTF-8 and all escapes of JSON, those of surrogate pairs too. A lone surrogate is no
/// text and is never accepted.
/// </summary>
internal sealed class JsonStringAutomaton : ByteAutomaton
{
    private readonly ContentAutomaton _content;
    private readonly StringRole _role;
    private readonly Dictionary<State, int> _ids = [];
    private State[] _states = new State[16];
    private JsonStringAutomaton? _unbounded;

    public JsonStringAutomaton(ContentAutomaton content, StringRole role)
    {
        _content = content;
        _role = role;
        Start = Id(new State(content.Start, Mode.Begin, 0));
        ClosedState = Closed(content.Start);
    }

    /// <summary>The state behind the quotation mark that ends the string, whatever its content; not of listed names.</summary>
    public int ClosedState { get; }

    /// <summary>The characters that were begun; of a string that is limited in length alone.</summary>
    public int Characters(int state) => At(state) is var at && at.Mode is Mode.Begin or Mode.Content or Mode.Tail or Mode.Closed
        ? at.Content
        : at.Content + 1;

    /// <summary>The language of the content.</summary>
    public ContentAutomaton Content => _content;

    private enum Mode : byte
    {
        Begin,

        /// <summary>Between characters.</summary>
        Content,

        /// <summary>Inside of a character: its bits so far, how many bytes are missing, how many it has.</summary>
        Partial,

        /// <summary>Inside of a character, whatever its remaining bytes (their number is the value).</summary>
        Tail,

        Escape,

        /// <summary>Hexadecimal digits: their value and how many there are.</summary>
        Hex,

        /// <summary>Behind the escape of a high surrogate.</summary>
        LowEscape,
        LowU,

        /// <summary>Digits of a low surrogate: the high one, the value and how many there are.</summary>
        LowHex,
        Closed,
        Colon,
        ColonSpace,
    }

    public override bool TracksContent => _role is StringRole.OtherName or StringRole.OtherItem;

    public override bool IsKeyed => _role is StringRole.ListedName or StringRole.ListedItem;

    private bool IsName => _role is StringRole.ListedName or StringRole.OtherName;

    public override bool Accepts(int state) =>
        At(state).Mode switch
        {
            Mode.Closed => !IsName,
            Mode.Colon or Mode.ColonSpace => true,
            _ => false,
        };

    public override int Label(int state) => _content.Ahead(At(state).Content).First;

    public override (int First, int End) Ahead(int state)
    {
        State at = At(state);
        switch (at.Mode)
        {
            case Mode.Partial:
                (int first, int last) = Range(at.Value);
                return Ahead(at.Content, first, last);
            case Mode.Escape:
                // One more character comes, so that the text that is complete here is none of those ahead.
                return Ahead(at.Content, 0, CodeSet.Last);
            case Mode.Hex:
                return Ahead(at.Content, at.Value);
            case Mode.LowEscape or Mode.LowU:
                (first, last) = Pairs(at.Value);
                return Ahead(at.Content, first, last);
            case Mode.LowHex:
                (first, last) = LowRange(at.Value);
                return Ahead(at.Content, first, last);
            case Mode.Closed or Mode.Colon or Mode.ColonSpace:
                (first, _) = _content.Ahead(at.Content);
                return (first, first + 1);
            default:
                return _content.Ahead(at.Content);
        }
    }

    public override bool EndsContent(int state, byte value) => value == '"' && At(state).Mode == Mode.Content;

    public override ContentHash Hash(ContentHash hash, int state, byte value)
    {
        State at = At(state);
        switch (at.Mode)
        {
            case Mode.Content:
                return value is (byte)'"' or (byte)'\\' ? hash : hash.With(value);
            case Mode.Partial or Mode.Tail:
                return hash.With(value);
            case Mode.Escape:
                return value == 'u' ? hash : hash.With((byte)Unescaped(value));
            case Mode.Hex when at.Value >> 24 == 3:
                int code = ((at.Value & 0xFFFF) << 4) | Digit(value);
                return code is >= 0xD800 and <= 0xDFFF ? hash : With(hash, code);
            case Mode.LowHex when (at.Value >> 28 & 3) == 3:
                return With(hash, Pair(at.Value >> 16 & 0x3FF, ((at.Value & 0xFFF) << 4) | Digit(value)));
            default:
                return hash;
        }
    }

    public override ShareKey? Share(int state, int longest)
    {
        if (_content is not LengthAutomaton length || IsKeyed)
            return null;
        State at = At(state);
        int far = longest + 1;
        int low = Math.Clamp(length.Min - at.Content, 0, far);
        int high = length.Max == Pattern.Unbounded ? far : Math.Min(length.Max - at.Content, far);
        return new ShareKey(_role.ToString(), (int)at.Mode, at.Value, low, high);
    }

    protected override int Compute(int state, byte value)
    {
        State at = At(state);
        int q = at.Content;
        switch (at.Mode)
        {
            case Mode.Begin:
                return value == '"' ? Id(new State(q, Mode.Content, 0)) : Dead;
            case Mode.Content when value == '"':
                return _content.Accepts(q) ? Closed(q) : Dead;
            case Mode.Content when value == '\\':
                return _content.Edges(q).Length > 0 ? Id(new State(q, Mode.Escape, 0)) : Dead;
            case Mode.Content when value < 0x20:
                return Dead;
            case Mode.Content when value < 0x80:
                return Whole(q, value);
            case Mode.Content:
                int length = value switch { >= 0xC2 and <= 0xDF => 2, >= 0xE0 and <= 0xEF => 3, >= 0xF0 and <= 0xF4 => 4, _ => 0 };
                return length == 0 ? Dead : Bytes(q, value & (0x7F >> length), length - 1, length);
            case Mode.Partial:
                return (value & 0xC0) == 0x80
                    ? Bytes(q, ((at.Value & 0x1FFFFF) << 6) | (value & 0x3F), (at.Value >> 24 & 3) - 1, at.Value >> 27)
                    : Dead;
            case Mode.Tail:
                return (value & 0xC0) != 0x80 ? Dead
                    : at.Value == 1 ? Id(new State(q, Mode.Content, 0))
                    : Id(at with { Value = at.Value - 1 });
            case Mode.Escape:
                return value == 'u' ? Id(new State(q, Mode.Hex, 0))
                    : Unescaped(value) is var plain && plain >= 0 ? Whole(q, plain)
                    : Dead;
            case Mode.Hex:
                return Digit(value) is var digit && digit >= 0
                    ? AfterHex(q, ((at.Value & 0xFFFFFF) << 4) | digit, (at.Value >> 24) + 1)
                    : Dead;
            case Mode.LowEscape:
                return value == '\\' ? Id(at with { Mode = Mode.LowU }) : Dead;
            case Mode.LowU:
                return value == 'u' ? Id(at with { Mode = Mode.LowHex, Value = at.Value << 16 }) : Dead;
            case Mode.LowHex:
                return Digit(value) is var low && low >= 0 ? AfterLowHex(q, at.Value, low) : Dead;
            case Mode.Closed:
                return IsName && value == ':' ? Id(at with { Mode = Mode.Colon }) : Dead;
            case Mode.Colon:
                return value == ' ' ? Id(at with { Mode = Mode.ColonSpace }) : Dead;
            default:
                return Dead;
        }
    }

    // What the content was makes a difference for listed names alone.
    private int Closed(int q) => Id(new State(IsKeyed ? q : _content.Start, Mode.Closed, 0));

    /// <summary>Whether any content at all may follow a state.</summary>
    public bool AllowsAll(int state) => At(state) is { Mode: Mode.Content } at && _content.AllowsAll(at.Content);

    /// <summary>The strings of any length, where only their number of characters is limited.</summary>
    public JsonStringAutomaton? Unbounded =>
        _content is BoundedAutomaton bounded
            ? LazyInitializer.EnsureInitialized(ref _unbounded, () => new JsonStringAutomaton(bounded.Texts, _role))
            : null;

    /// <summary>The state between two characters that belongs to one of the content's automaton.</summary>
    public int Between(int content)
    {
        lock (Sync)
            return Id(new State(content, Mode.Content, 0));
    }

    /// <summary>Whether a state is between characters of the content, and which state of the content's automaton it is then.</summary>
    public bool IsBetween(int state, out int content)
    {
        State at = At(state);
        content = at.Content;
        return at.Mode == Mode.Content;
    }

    private int Whole(int q, int code) => _content.TryStep(q, code, out int next) ? Id(new State(next, Mode.Content, 0)) : Dead;

    /// <summary>The state inside of a character of which some bytes are known.</summary>
    private int Bytes(int q, int bits, int missing, int length)
    {
        int value = bits | (missing << 24) | (length << 27);
        (int first, int last) = Range(value);
        if (first > last)
            return Dead;
        if (missing == 0)
            return first is >= 0xD800 and <= 0xDFFF ? Dead : Whole(q, first);
        Edge[] edges = _content.Edges(q);
        int at = ContentAutomaton.FirstEndingAtOrAfter(edges, first);
        if (at == edges.Length || edges[at].First > last)
            return Dead;
        // Whatever the rest of the character, it leads to the same state.
        bool isPlain = last - first + 1 == 1 << (6 * missing) && (first > 0xDFFF || last < 0xD800);
        if (isPlain && edges[at].First <= first && edges[at].Last >= last)
            return Id(new State(edges[at].Next, Mode.Tail, missing));
        bool isOnlySurrogates = first >= 0xD800 && last <= 0xDFFF;
        return isOnlySurrogates ? Dead : Id(new State(q, Mode.Partial, value));
    }

    /// <summary>The code points that the bytes so far may become.</summary>
    private static (int First, int Last) Range(int value)
    {
        int missing = value >> 24 & 3;
        int first = (value & 0x1FFFFF) << (6 * missing);
        int last = first | ((1 << (6 * missing)) - 1);
        int least = (value >> 27) switch { 2 => 0x80, 3 => 0x800, _ => 0x10000 };
        return (Math.Max(first, least), Math.Min(last, CodeSet.Last));
    }

    private int AfterHex(int q, int value, int count)
    {
        if (count < 4)
            return CanBecome(q, value, count) ? Id(new State(q, Mode.Hex, value | (count << 24))) : Dead;
        if (value is >= 0xD800 and <= 0xDBFF)
        {
            (int first, int last) = Pairs(value & 0x3FF);
            return HasEdge(q, first, last) ? Id(new State(q, Mode.LowEscape, value & 0x3FF)) : Dead;
        }

        return value is >= 0xDC00 and <= 0xDFFF ? Dead : Whole(q, value);
    }

    private int AfterLowHex(int q, int value, int digit)
    {
        int high = value >> 16 & 0x3FF;
        int count = (value >> 28 & 3) + 1;
        int low = ((value & 0xFFF) << 4) | digit;
        int next = low | (high << 16) | (count << 28);
        if (count == 4)
            return low is >= 0xDC00 and <= 0xDFFF ? Whole(q, Pair(high, low)) : Dead;
        (int first, int last) = LowRange(next);
        return first <= last && HasEdge(q, first, last) ? Id(new State(q, Mode.LowHex, next)) : Dead;
    }

    /// <summary>The code points that the digits of a low surrogate may become.</summary>
    private static (int First, int Last) LowRange(int value)
    {
        int missing = 4 * (4 - (value >> 28 & 3));
        int first = Math.Max((value & 0xFFF) << missing, 0xDC00);
        int last = Math.Min(((value & 0xFFF) << missing) | ((1 << missing) - 1), 0xDFFF);
        int high = value >> 16 & 0x3FF;
        return first > last ? (1, 0) : (Pair(high, first), Pair(high, last));
    }

    private static (int First, int Last) Pairs(int high) => (Pair(high, 0xDC00), Pair(high, 0xDFFF));

    private static int Pair(int high, int low) => 0x10000 + (high << 10) + (low & 0x3FF);

    /// <summary>Whether hexadecimal digits so far can become a code point, or the first half of one, that may come next.</summary>
    private bool CanBecome(int q, int value, int count)
    {
        int missing = 4 * (4 - count);
        int first = value << missing;
        int last = first | ((1 << missing) - 1);
        return HasEdge(q, first, Math.Min(last, 0xD7FF))
            || HasEdge(q, Math.Max(first, 0xE000), last)
            || (SupplementaryRange(first, last) is var (low, high) && HasEdge(q, low, high));
    }

    /// <summary>The code points of the pairs whose first half is in a range.</summary>
    private static (int First, int Last) SupplementaryRange(int first, int last)
    {
        first = Math.Max(first, 0xD800);
        last = Math.Min(last, 0xDBFF);
        return first > last ? (1, 0) : (Pair(first & 0x3FF, 0xDC00), Pair(last & 0x3FF, 0xDFFF));
    }

    private bool HasEdge(int q, int first, int last)
    {
        if (first > last)
            return false;
        Edge[] edges = _content.Edges(q);
        int at = ContentAutomaton.FirstEndingAtOrAfter(edges, first);
        return at < edges.Length && edges[at].First <= last;
    }

    private (int First, int End) Ahead(int q, int hex)
    {
        int missing = 4 * (4 - (hex >> 24));
        int first = (hex & 0xFFFFFF) << missing;
        int last = first | ((1 << missing) - 1);
        (int low, int high) = SupplementaryRange(first, last);
        (int First, int End) plain = Ahead(q, first, last);
        (int First, int End) paired = low <= high ? Ahead(q, low, high) : (0, 0);
        return plain.End == 0 ? paired : paired.End == 0 ? plain : (plain.First, paired.End);
    }

    private (int First, int End) Ahead(int q, int first, int last)
    {
        Edge[] edges = _content.Edges(q);
        int from = ContentAutomaton.FirstEndingAtOrAfter(edges, first);
        int to = from;
        while (to < edges.Length && edges[to].First <= last)
            to++;
        return from == to ? (0, 0) : (_content.Ahead(edges[from].Next).First, _content.Ahead(edges[to - 1].Next).End);
    }

    private static int Unescaped(byte value) => value switch
    {
        (byte)'"' or (byte)'\\' or (byte)'/' => value,
        (byte)'b' => '\b',
        (byte)'f' => '\f',
        (byte)'n' => '\n',
        (byte)'r' => '\r',
        (byte)'t' => '\t',
        _ => -1,
    };

    private static int Digit(byte value) => value switch
    {
        >= (byte)'0' and <= (byte)'9' => value - '0',
        >= (byte)'a' and <= (byte)'f' => value - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => value - 'A' + 10,
        _ => -1,
    };

    private static ContentHash With(ContentHash hash, int code)
    {
        Span<byte> bytes = stackalloc byte[4];
        int count = new Rune(code).EncodeToUtf8(bytes);
        for (int i = 0; i < count; i++)
            hash = hash.With(bytes[i]);
        return hash;
    }

    private State At(int state) => Volatile.Read(ref _states)[state];

    private int Id(State state)
    {
        if (_ids.TryGetValue(state, out int id))
            return id;
        id = _ids.Count;
        _ids.Add(state, id);
        if (id == _states.Length)
        {
            State[] larger = new State[2 * id];
            _states.CopyTo(larger, 0);
            larger[id] = state;
            Volatile.Write(ref _states, larger);
        }

        _states[id] = state;
        return id;
    }

    private readonly record struct State(int Content, Mode Mode, int Value);
}
