using QwenSharp.Grammars.Patterns;

namespace QwenSharp.Grammars.Automata;

/// <summary>
/// A deterministic automaton over the code points of a text. Only transitions that something can come of are there: a state that is
/// reached can always be completed.
/// </summary>
internal abstract class ContentAutomaton
{
    public abstract int Start { get; }

    /// <summary>The transitions of a state, by ranges in their order.</summary>
    public abstract Edge[] Edges(int state);

    public abstract bool Accepts(int state);

    /// <summary>Which texts of a list are ahead of a state: the first, and the one behind the last. Of a list in order alone.</summary>
    public virtual (int First, int End) Ahead(int state) => (0, 0);

    /// <summary>Whether any text at all may follow a state.</summary>
    public virtual bool AllowsAll(int state) => false;

    /// <summary>Whether a text is in the language.</summary>
    public bool Matches(string text)
    {
        int state = Start;
        foreach (System.Text.Rune rune in text.EnumerateRunes())
        {
            if (!TryStep(state, rune.Value, out state))
                return false;
        }

        return Accepts(state);
    }

    public bool TryStep(int state, int codePoint, out int next)
    {
        Edge[] edges = Edges(state);
        int at = FirstEndingAtOrAfter(edges, codePoint);
        bool found = at < edges.Length && edges[at].First <= codePoint;
        next = found ? edges[at].Next : -1;
        return found;
    }

    /// <summary>Index of the first range that does not end before a code point.</summary>
    public static int FirstEndingAtOrAfter(Edge[] edges, int codePoint)
    {
        int low = 0;
        int high = edges.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (edges[middle].Last < codePoint)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}

/// <summary>The texts of a pattern.</summary>
internal sealed class PatternAutomaton(PatternPool pool, Pattern pattern) : ContentAutomaton
{
    public override int Start => pattern.Id;

    public override Edge[] Edges(int state) => pool.Edges(pool[state]);

    public override bool Accepts(int state) => pool[state].IsNullable;

    public override bool AllowsAll(int state) => state == pool.Everything.Id;
}

/// <summary>Any text of a length between bounds, in code points. A state is the length so far, as far as it matters.</summary>
internal sealed class LengthAutomaton(int min, int max) : ContentAutomaton
{
    public int Min => min;

    public int Max => max;

    public override int Start => 0;

    public override Edge[] Edges(int state) =>
        state >= max ? [] : [new Edge(0, CodeSet.Last, max == Pattern.Unbounded ? Math.Min(state + 1, min) : state + 1)];

    public override bool Accepts(int state) => state >= min;
}

/// <summary>One of some texts, as a trie whose states know which of the texts are ahead of them.</summary>
internal sealed class TextsAutomaton : ContentAutomaton
{
    private readonly Edge[][] _edges;
    private readonly (int First, int End)[] _ahead;
    private readonly bool[] _accepts;
    private readonly IReadOnlyList<string> _texts;
    private ContentHash[]? _hashes;

    /// <summary>An automaton of texts.</summary>
    /// <param name="texts">The texts, each once, in the order of their code points (<see cref="InOrder"/>).</param>
    public TextsAutomaton(IReadOnlyList<string> texts)
    {
        _texts = texts;
        List<Edge[]> edges = [];
        List<(int, int)> ahead = [];
        List<bool> accepts = [];
        int[][] codes = [.. texts.Select(Codes)];
        Queue<(int First, int End, int Depth)> waiting = new([(0, codes.Length, 0)]);
        int made = 1;
        while (waiting.TryDequeue(out (int First, int End, int Depth) node))
        {
            ahead.Add((node.First, node.End));
            int first = node.First;
            accepts.Add(first < node.End && codes[first].Length == node.Depth);
            if (accepts[^1])
                first++;
            List<Edge> children = [];
            while (first < node.End)
            {
                int code = codes[first][node.Depth];
                int end = first + 1;
                while (end < node.End && codes[end][node.Depth] == code)
                    end++;
                children.Add(new Edge(code, code, made++));
                waiting.Enqueue((first, end, node.Depth + 1));
                first = end;
            }

            edges.Add([.. children]);
        }

        _edges = [.. edges];
        _ahead = [.. ahead];
        _accepts = [.. accepts];
    }

    public override int Start => 0;

    /// <summary>The hashes of the texts' bytes.</summary>
    public ContentHash[] Hashes => _hashes ??= [.. _texts.Select(text => ContentHash.Of(System.Text.Encoding.UTF8.GetBytes(text)))];

    /// <summary>Texts in the order of their code points, each once.</summary>
    public static string[] InOrder(IEnumerable<string> texts) =>
        [.. texts.Distinct(StringComparer.Ordinal).Order(Comparer<string>.Create(CompareCodes))];

    public override Edge[] Edges(int state) => _edges[state];

    public override bool Accepts(int state) => _accepts[state];

    public override (int First, int End) Ahead(int state) => _ahead[state];

    // Of the units of UTF-16 those of surrogates stand for the highest code points, though U+E000 and some behind it have higher ones.
    private static int CompareCodes(string a, string b)
    {
        int same = a.AsSpan().CommonPrefixLength(b);
        return same == a.Length || same == b.Length ? a.Length.CompareTo(b.Length) : Lifted(a[same]).CompareTo(Lifted(b[same]));

        static int Lifted(char unit) => char.IsSurrogate(unit) ? unit + 0x10000 : unit;
    }

    private static int[] Codes(string text) => [.. text.EnumerateRunes().Select(rune => rune.Value)];
}

/// <summary>
/// Any text without a literal, or up to the first one. A state is how much of the literal the text ends with (Knuth, Morris and Pratt), so
/// that automata of one literal have the same states.
/// </summary>
internal sealed class LiteralSearch : ContentAutomaton
{
    private readonly Edge[][] _edges;
    private readonly bool _until;
    private readonly int _length;

    /// <summary>An automaton of a literal.</summary>
    /// <param name="literal">The literal; not empty.</param>
    /// <param name="until">Whether the text ends with the literal; otherwise it is not in it.</param>
    public LiteralSearch(string literal, bool until)
    {
        int[] codes = [.. literal.EnumerateRunes().Select(rune => rune.Value)];
        _until = until;
        _length = codes.Length;
        _edges = new Edge[codes.Length + 1][];
        _edges[_length] = [];
        int[] distinct = [.. codes.Distinct().Order()];
        for (int state = 0; state < _length; state++)
        {
            List<Edge> edges = [];
            int next = 0;
            foreach (int code in distinct)
            {
                if (code > next)
                    edges.Add(new Edge(next, code - 1, 0));
                int then = Then(codes, state, code);
                if (then < _length || until)
                    edges.Add(new Edge(code, code, then));
                next = code + 1;
            }

            if (next <= CodeSet.Last)
                edges.Add(new Edge(next, CodeSet.Last, 0));
            _edges[state] = [.. edges];
        }
    }

    public override int Start => 0;

    public override Edge[] Edges(int state) => _edges[state];

    public override bool Accepts(int state) => _until == (state == _length);

    /// <summary>The longest beginning of the literal that a text ends with, which ended with one of a length before.</summary>
    private static int Then(int[] codes, int state, int code)
    {
        for (int length = Math.Min(state + 1, codes.Length); length > 0; length--)
        {
            if (codes[length - 1] == code && codes.AsSpan(0, length - 1).SequenceEqual(codes.AsSpan(state - length + 1, length - 1)))
                return length;
        }

        return 0;
    }
}

/// <summary>
/// The texts of an automaton that have a length between bounds. A state is one of the automaton and the length so far: the automaton's own
/// states, and with them the masks, are the same at all lengths that are far from the bounds.
/// </summary>
internal sealed class BoundedAutomaton : ContentAutomaton
{
    private const int Forever = int.MaxValue / 2;
    private const int MaxSearch = 20_000;

    private readonly ContentAutomaton _texts;
    private readonly int _min;
    private readonly int _max;
    private readonly Lock _lock = new();
    private readonly Dictionary<(int, int), int> _ids = [];
    private readonly List<(int Text, int Length)> _states = [];
    private readonly Dictionary<int, Edge[]> _edges = [];
    private readonly Dictionary<int, (int Shortest, int Longest)> _ahead = [];

    public BoundedAutomaton(ContentAutomaton texts, int min, int max)
    {
        _texts = texts;
        _min = min;
        _max = max;
        Start = Id(texts.Start, 0);
    }

    public override int Start { get; }

    /// <summary>The texts of any length.</summary>
    public ContentAutomaton Texts => _texts;

    /// <summary>Whether any text has such a length, as far as the shortest and the longest tell.</summary>
    public bool HasAny => Lengths(_texts.Start) is var (shortest, longest) && shortest <= _max && longest >= _min;

    public override Edge[] Edges(int state)
    {
        lock (_lock)
        {
            if (_edges.TryGetValue(state, out Edge[]? known))
                return known;
            (int text, int length) = _states[state];
            List<Edge> edges = [];
            foreach (Edge edge in _texts.Edges(text))
            {
                (int shortest, int longest) = Lengths(edge.Next);
                if (length + 1 + shortest <= _max && length + 1L + longest >= _min)
                    edges.Add(edge with { Next = Id(edge.Next, length + 1) });
            }

            return _edges[state] = [.. edges];
        }
    }

    public override bool Accepts(int state)
    {
        lock (_lock)
            return _states[state] is var (text, length) && length >= _min && length <= _max && _texts.Accepts(text);
    }

    /// <summary>A state's own part, and how much is missing to the bounds, where that is no more than a distance.</summary>
    public (int Text, int Low, int High) Far(int state, int distance)
    {
        lock (_lock)
        {
            (int text, int length) = _states[state];
            int shortest = Lengths(text).Shortest;
            return (text, Math.Clamp(_min - length, 0, distance), _max - length > distance + shortest ? int.MaxValue : _max - length);
        }
    }

    private int Id(int text, int length)
    {
        if (_max == int.MaxValue)
            length = Math.Min(length, _min);
        if (_ids.TryGetValue((text, length), out int id))
            return id;
        _states.Add((text, length));
        return _ids[(text, length)] = _states.Count - 1;
    }

    /// <summary>How many characters a text may have from a state on: the fewest, and the most.</summary>
    private (int Shortest, int Longest) Lengths(int state)
    {
        if (_ahead.TryGetValue(state, out (int, int) known))
            return known;
        int shortest = Shortest(state);
        _ahead[state] = (shortest, Forever);
        if (_min > 0)
            _ahead[state] = (shortest, Longest(state));
        return _ahead[state];
    }

    private int Shortest(int state)
    {
        HashSet<int> seen = [state];
        Queue<(int State, int Length)> waiting = new([(state, 0)]);
        while (waiting.TryDequeue(out (int State, int Length) next))
        {
            if (_texts.Accepts(next.State) || seen.Count > MaxSearch)
                return next.Length;
            foreach (Edge edge in _texts.Edges(next.State))
            {
                if (seen.Add(edge.Next))
                    waiting.Enqueue((edge.Next, next.Length + 1));
            }
        }

        return 0;
    }

    /// <summary>The longest way; without an end where states repeat or are too many.</summary>
    private int Longest(int state)
    {
        HashSet<int> layer = [state];
        for (int length = 0; length <= _min; length++)
        {
            HashSet<int> next = [];
            foreach (int one in layer)
            {
                foreach (Edge edge in _texts.Edges(one))
                    next.Add(edge.Next);
            }

            if (next.Count == 0)
                return length;
            if (next.Count > 500 || next.SetEquals(layer))
                return Forever;
            layer = next;
        }

        return Forever;
    }
}
