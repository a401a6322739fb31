using QwenSharp.Grammars.Patterns;

namespace QwenSharp.Grammars.Automata;

/// <summary>A text in UTF-8 whose code points are in a language.</summary>
internal sealed class TextAutomaton : ByteAutomaton
{
    private readonly ContentAutomaton _content;
    private readonly string? _shared;
    private readonly Dictionary<State, int> _ids = [];
    private State[] _states = new State[16];

    /// <summary>An automaton of a language.</summary>
    /// <param name="content">The language.</param>
    /// <param name="shared">A name that says all about the language, under which masks are shared; null for one that is not.</param>
    public TextAutomaton(ContentAutomaton content, string? shared = null)
    {
        _content = content;
        _shared = shared;
        AcceptsEmpty = content.Accepts(content.Start);
        Start = Id(new State(content.Start, -1));
    }

    /// <summary>Any text without a literal, or up to the first one.</summary>
    public static TextAutomaton Of(string literal, bool until) =>
        new(new LiteralSearch(literal, until), (until ? "until " : "without ") + literal);

    /// <summary>Texts up to the first of a literal, of a length between bounds, the literal included.</summary>
    public static TextAutomaton Bounded(string literal, int min, int max) =>
        new(new BoundedAutomaton(new LiteralSearch(literal, until: true), min, max), "bounded until " + literal);

    public override bool Accepts(int state)
    {
        State at = Volatile.Read(ref _states)[state];
        return at.Value == 0 && _content.Accepts(at.Content);
    }

    /// <remarks>
    /// The states of a shared automaton's content are the same in all that share its name; those of one with bounds, far from these.
    /// </remarks>
    public override ShareKey? Share(int state, int longest)
    {
        State at = Volatile.Read(ref _states)[state];
        if (_shared is null)
            return null;

        (int content, int low, int high) = _content is BoundedAutomaton bounded ? bounded.Far(at.Content, longest + 1) : (at.Content, 0, 0);
        return new ShareKey(_shared, at.Value, content, low, high);
    }

    protected override int Compute(int state, byte value)
    {
        State at = _states[state];
        int q = at.Content;
        if (at.Value <= 0)
        {
            if (value < 0x80)
                return Whole(q, value);
            int length = value switch { >= 0xC2 and <= 0xDF => 2, >= 0xE0 and <= 0xEF => 3, >= 0xF0 and <= 0xF4 => 4, _ => 0 };
            return length == 0 ? Dead : Bytes(q, value & (0x7F >> length), length - 1, length);
        }

        return (value & 0xC0) == 0x80
            ? Bytes(q, ((at.Value & 0x1FFFFF) << 6) | (value & 0x3F), (at.Value >> 24 & 3) - 1, at.Value >> 27)
            : Dead;
    }

    private int Whole(int q, int code) => _content.TryStep(q, code, out int next) ? Id(new State(next, 0)) : Dead;

    private int Bytes(int q, int bits, int missing, int length)
    {
        int first = bits << (6 * missing);
        int last = first | ((1 << (6 * missing)) - 1);
        first = Math.Max(first, length switch { 2 => 0x80, 3 => 0x800, _ => 0x10000 });
        last = Math.Min(last, CodeSet.Last);
        if (first > last || (first >= 0xD800 && last <= 0xDFFF))
            return Dead;
        if (missing == 0)
            return Whole(q, first);
        Edge[] edges = _content.Edges(q);
        int at = ContentAutomaton.FirstEndingAtOrAfter(edges, first);
        return at < edges.Length && edges[at].First <= last ? Id(new State(q, bits | (missing << 24) | (length << 27))) : Dead;
    }

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

    /// <param name="Content">The state between characters.</param>
    /// <param name="Value">0 between characters, -1 where the text begins, else the bits of a character so far.</param>
    private readonly record struct State(int Content, int Value);
}
