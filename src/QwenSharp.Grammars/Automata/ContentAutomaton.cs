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

    /// <summary>An automaton of texts.</summary>
    /// <param name="texts">The texts, each once, in the order of their code points (<see cref="InOrder"/>).</param>
    public TextsAutomaton(IReadOnlyList<string> texts)
    {
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

    /// <summary>Texts in the order of their code points, each once.</summary>
    public static string[] InOrder(IEnumerable<string> texts) =>
        [.. texts.Distinct(StringComparer.Ordinal).Order(Comparer<string>.Create((a, b) => Codes(a).AsSpan().SequenceCompareTo(Codes(b))))];

    public override Edge[] Edges(int state) => _edges[state];

    public override bool Accepts(int state) => _accepts[state];

    public override (int First, int End) Ahead(int state) => _ahead[state];

    private static int[] Codes(string text) => [.. text.EnumerateRunes().Select(rune => rune.Value)];
}
