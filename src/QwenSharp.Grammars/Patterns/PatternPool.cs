using System.Runtime.CompilerServices;
using System.Text;

namespace QwenSharp.Grammars.Patterns;

/// <summary>
/// Makes patterns and their derivatives (Brzozowski): the derivative of a language by a code point is what may follow it. Each pattern is
/// made once, so that the derivatives of a regular language are finitely many. Safe for use by many threads.
/// </summary>
internal sealed class PatternPool
{
    /// <summary>How many patterns one pool may hold: a bound on the memory that a hostile pattern takes.</summary>
    private const int MaxPatterns = 400_000;

    /// <summary>How many derivatives are tried for one that accepts.</summary>
    private const int MaxSearch = 4_000;

    /// <summary>How many alternatives one pattern may have.</summary>
    private const int MaxParts = 6_000;

    /// <summary>How much work one pool may be: looks at a pattern, a part or a text. A bound on the time that a hostile pattern takes,
    /// some seconds; what is found is kept, so that other patterns come to an end of theirs.</summary>
    private const long MaxWork = 12_000_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<Key, Pattern> _known = [];
    private readonly List<Pattern> _all = [];
    private long _work;

    public PatternPool()
    {
        Nothing = Make(PatternKind.Nothing, false, true);
        Empty = Make(PatternKind.Empty, true, true);
        Any = Class(CodeSet.All);
        Everything = Repeat(Any, 0, Pattern.Unbounded);
    }

    public Pattern Nothing { get; }

    public Pattern Empty { get; }

    /// <summary>Any one code point.</summary>
    public Pattern Any { get; }

    /// <summary>Any text.</summary>
    public Pattern Everything { get; }

    public Pattern this[int id] => _all[id];

    public Pattern Class(CodeSet set)
    {
        if (set.IsEmpty || IsNoText(set.Range(0).First, set.Range(set.RangeCount - 1).Last))
            return Nothing;
        lock (_lock)
            return Make(PatternKind.Class, false, true, set: set);
    }

    public Pattern Text(string text) => Texts([text]);

    public Pattern Texts(IEnumerable<string> texts)
    {
        string[] sorted = [.. texts.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        lock (_lock)
        {
            Spend(sorted.Length);
            return sorted switch
            {
                [] => Nothing,
                [""] => Empty,
                _ => Make(PatternKind.Texts, sorted[0].Length == 0, true, texts: sorted),
            };
        }
    }

    public Pattern Sequence(params ReadOnlySpan<Pattern> parts)
    {
        lock (_lock)
        {
            Pattern result = Empty;
            for (int i = parts.Length - 1; i >= 0; i--)
                result = Two(parts[i], result);
            return result;
        }
    }

    public Pattern Repeat(Pattern part, int min, int max)
    {
        lock (_lock)
        {
            if (max == 0 || part == Empty)
                return Empty;
            if (part == Nothing)
                return min == 0 ? Empty : Nothing;
            if (part.IsNullable)
                min = 0;
            if (min == 1 && max == 1)
                return part;
            if (part.Kind == PatternKind.Repeat && part is { Min: 0, Max: Pattern.Unbounded })
                return part;
            return Make(PatternKind.Repeat, min == 0, part.IsPlain, parts: [part], min: min, max: max);
        }
    }

    public Pattern Or(params ReadOnlySpan<Pattern> parts)
    {
        lock (_lock)
        {
            List<Pattern> flat = [];
            CodeSet set = CodeSet.None;
            List<string>? texts = null;
            Flatten(parts, PatternKind.Or, flat);
            Spend(flat.Count);
            for (int i = flat.Count - 1; i >= 0; i--)
            {
                if (flat[i] == Everything)
                    return Everything;
                if (flat[i].Kind == PatternKind.Class)
                    set = set.Union(flat[i].Set);
                else if (flat[i].Kind == PatternKind.Texts)
                    (texts ??= []).AddRange(flat[i].Texts);
                else if (flat[i] != Nothing)
                    continue;
                flat.RemoveAt(i);
            }

            if (!set.IsEmpty)
                flat.Add(Class(set));
            if (texts is not null)
                flat.Add(Texts(texts));
            if (flat.Count > 1 && flat.Contains(Empty) && flat.Exists(part => part.IsNullable && part != Empty))
                flat.Remove(Empty);
            Sort(flat);
            foreach (Pattern part in flat)
            {
                if (part.Kind == PatternKind.Not && flat.Contains(part.Parts[0]))
                    return Everything;
            }

            return flat.Count switch
            {
                0 => Nothing,
                1 => flat[0],
                _ => Make(
                    PatternKind.Or,
                    flat.Exists(part => part.IsNullable),
                    flat.TrueForAll(part => part.IsPlain),
                    parts: [.. flat]),
            };
        }
    }

    public Pattern And(params ReadOnlySpan<Pattern> parts)
    {
        lock (_lock)
        {
            List<Pattern> flat = [];
            Flatten(parts, PatternKind.And, flat);
            Spend(flat.Count);
            flat.RemoveAll(part => part == Everything);
            if (flat.Contains(Nothing))
                return Nothing;
            if (flat.Contains(Empty))
                return flat.TrueForAll(part => part.IsNullable) ? Empty : Nothing;
            if (flat.Find(part => part.Kind == PatternKind.Texts) is { } listed)
            {
                flat.Remove(listed);
                return Texts(listed.Texts.Where(text => flat.TrueForAll(part => Matches(part, text))));
            }

            MergeClasses(flat);
            MergeLengths(flat);
            if (flat.Contains(Nothing))
                return Nothing;
            Sort(flat);
            foreach (Pattern part in flat)
            {
                if (part.Kind == PatternKind.Not && flat.Contains(part.Parts[0]))
                    return Nothing;
            }

            return flat.Count switch
            {
                0 => Everything,
                1 => flat[0],
                _ => Make(PatternKind.And, flat.TrueForAll(part => part.IsNullable), false, parts: [.. flat]),
            };
        }
    }

    public Pattern Not(Pattern part)
    {
        lock (_lock)
        {
            return part.Kind == PatternKind.Not ? part.Parts[0]
                : part == Nothing ? Everything
                : part == Everything ? Nothing
                : Make(PatternKind.Not, !part.IsNullable, false, parts: [part]);
        }
    }

    /// <summary>Whether the pattern matches the whole of a text.</summary>
    public bool Matches(Pattern pattern, string text)
    {
        lock (_lock)
        {
            if (pattern.Kind == PatternKind.Texts)
                return Array.BinarySearch(pattern.Texts, text, StringComparer.Ordinal) >= 0;
            if (pattern.Kind == PatternKind.Not)
                return !Matches(pattern.Parts[0], text);
            foreach (Rune rune in text.EnumerateRunes())
            {
                pattern = Derivative(pattern, rune.Value);
                if (pattern == Nothing)
                    return false;
            }

            return pattern.IsNullable;
        }
    }

    /// <summary>Whether the pattern matches any text. One that is too large to tell counts as one that does.</summary>
    public bool IsLive(Pattern pattern)
    {
        lock (_lock)
        {
            if (pattern.IsLive is { } known)
                return known;
            if (pattern.IsPlain || pattern.IsNullable)
                return (pattern.IsLive = pattern != Nothing).Value;
            Dictionary<int, int> from = new() { [pattern.Id] = -1 };
            Queue<Pattern> waiting = new([pattern]);
            while (waiting.TryDequeue(out Pattern? next))
            {
                bool isLive = next.IsNullable || (next.IsPlain && next != Nothing) || next.IsLive == true || from.Count > MaxSearch;
                if (isLive)
                {
                    for (int id = next.Id; id >= 0; id = from[id])
                        _all[id].IsLive = true;
                    return true;
                }

                if (next.IsLive == false)
                    continue;
                foreach (Edge edge in DerivativesOf(next))
                {
                    if (from.TryAdd(edge.Next, next.Id))
                        waiting.Enqueue(_all[edge.Next]);
                }
            }

            foreach (int id in from.Keys)
                _all[id].IsLive = false;
            return false;
        }
    }

    /// <summary>The derivatives that something can come of, by ranges of code points in their order.</summary>
    public Edge[] Edges(Pattern pattern)
    {
        if (pattern.LiveEdges is { } known)
            return known;
        lock (_lock)
            return pattern.LiveEdges ??= [.. DerivativesOf(pattern).Where(edge => IsLive(_all[edge.Next]))];
    }

    private Edge[] DerivativesOf(Pattern pattern)
    {
        if (pattern.Derivatives is { } known)
            return known;
        SortedSet<int> cuts = [0];
        Cut(pattern, cuts);
        cuts.Remove(CodeSet.Last + 1);
        List<Edge> edges = [];
        int[] starts = [.. cuts];
        for (int i = 0; i < starts.Length; i++)
        {
            Pattern next = Derivative(pattern, starts[i]);
            if (next == Nothing)
                continue;
            int last = i + 1 < starts.Length ? starts[i + 1] - 1 : CodeSet.Last;
            if (IsNoText(starts[i], last))
                continue;
            if (edges.Count > 0 && edges[^1].Next == next.Id && edges[^1].Last == starts[i] - 1)
                edges[^1] = edges[^1] with { Last = last };
            else
                edges.Add(new Edge(starts[i], last, next.Id));
        }

        return pattern.Derivatives = [.. edges];
    }

    /// <summary>Halves of surrogate pairs are in no text.</summary>
    private static bool IsNoText(int first, int last) => first >= 0xD800 && last <= 0xDFFF;

    private Pattern Derivative(Pattern pattern, int codePoint)
    {
        Descend();
        Spend(1);
        switch (pattern.Kind)
        {
            case PatternKind.Class:
                return pattern.Set.Contains(codePoint) ? Empty : Nothing;
            case PatternKind.Texts:
                Spend(pattern.Texts.Length / 8);
                string first = char.ConvertFromUtf32(codePoint is >= 0xD800 and <= 0xDFFF ? 0xFFFF : codePoint);
                return Texts(
                    pattern.Texts.Where(text => text.StartsWith(first, StringComparison.Ordinal)).Select(text => text[first.Length..]));
            case PatternKind.Sequence:
                Pattern led = Two(Derivative(pattern.Parts[0], codePoint), pattern.Parts[1]);
                return pattern.Parts[0].IsNullable ? Or(led, Derivative(pattern.Parts[1], codePoint)) : led;
            case PatternKind.Repeat:
                Pattern once = Derivative(pattern.Parts[0], codePoint);
                return once == Nothing
                    ? Nothing
                    : Two(
                        once,
                        Repeat(
                            pattern.Parts[0],
                            Math.Max(pattern.Min - 1, 0),
                            pattern.Max == Pattern.Unbounded ? Pattern.Unbounded : pattern.Max - 1));
            case PatternKind.Or:
                return Or(Each(pattern.Parts, codePoint));
            case PatternKind.And:
                return And(Each(pattern.Parts, codePoint));
            case PatternKind.Not:
                return Not(Derivative(pattern.Parts[0], codePoint));
            default:
                return Nothing;
        }
    }

    private Pattern[] Each(Pattern[] parts, int codePoint)
    {
        Pattern[] results = new Pattern[parts.Length];
        for (int i = 0; i < parts.Length; i++)
            results[i] = Derivative(parts[i], codePoint);
        return results;
    }

    /// <summary>Adds the code points at which the derivative may change.</summary>
    private static void Cut(Pattern pattern, SortedSet<int> cuts)
    {
        Descend();
        switch (pattern.Kind)
        {
            case PatternKind.Class:
                for (int i = 0; i < pattern.Set.RangeCount; i++)
                {
                    (int first, int last) = pattern.Set.Range(i);
                    cuts.Add(first);
                    cuts.Add(last + 1);
                }

                break;
            case PatternKind.Texts:
                foreach (string text in pattern.Texts)
                {
                    if (text.Length == 0)
                        continue;
                    int first = char.IsSurrogatePair(text, 0) ? char.ConvertToUtf32(text, 0) : text[0];
                    cuts.Add(first);
                    cuts.Add(first + 1);
                }

                break;
            case PatternKind.Sequence:
                Cut(pattern.Parts[0], cuts);
                if (pattern.Parts[0].IsNullable)
                    Cut(pattern.Parts[1], cuts);
                break;
            default:
                foreach (Pattern part in pattern.Parts)
                    Cut(part, cuts);
                break;
        }
    }

    private Pattern Two(Pattern first, Pattern second)
    {
        Descend();
        return first == Nothing || second == Nothing ? Nothing
            : first == Empty ? second
            : second == Empty ? first
            : first == Everything && second == Everything ? Everything
            : first.Kind == PatternKind.Sequence ? Two(first.Parts[0], Two(first.Parts[1], second))
            : Make(
                PatternKind.Sequence,
                first.IsNullable && second.IsNullable,
                first.IsPlain && second.IsPlain,
                parts: [first, second]);
    }

    /// <summary>A hostile pattern must not overflow the stack, of which nobody could be told.</summary>
    private static void Descend()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw new GrammarException("pattern", "", "it is nested too deeply.");
    }

    private void Spend(int work)
    {
        _work += work;
        if (_work > MaxWork)
            throw new GrammarException("pattern", "", "it takes too much work to follow.");
    }

    private static void Flatten(ReadOnlySpan<Pattern> parts, PatternKind kind, List<Pattern> flat)
    {
        foreach (Pattern part in parts)
        {
            if (part.Kind == kind)
                flat.AddRange(part.Parts);
            else
                flat.Add(part);
        }
    }

    private static void Sort(List<Pattern> parts)
    {
        parts.Sort((a, b) => a.Id.CompareTo(b.Id));
        for (int i = parts.Count - 1; i > 0; i--)
        {
            if (parts[i] == parts[i - 1])
                parts.RemoveAt(i);
        }

        if (parts.Count > MaxParts)
            throw new GrammarException("pattern", "", $"it has more than {MaxParts} alternatives at one place.");
    }

    private void MergeClasses(List<Pattern> parts)
    {
        CodeSet? set = null;
        foreach (Pattern part in parts)
        {
            if (part.Kind == PatternKind.Class)
                set = set is null ? part.Set : set.Intersect(part.Set);
        }

        if (set is not null && parts.RemoveAll(part => part.Kind == PatternKind.Class) > 0)
            parts.Add(Class(set));
    }

    /// <summary>Bounds of the length, <c>.{a,b}</c>, are one.</summary>
    private void MergeLengths(List<Pattern> parts)
    {
        int min = 0;
        int max = Pattern.Unbounded;
        if (parts.Count(IsLength) < 2)
            return;
        foreach (Pattern part in parts.Where(IsLength))
        {
            min = Math.Max(min, part.Min);
            max = Math.Min(max, part.Max);
        }

        parts.RemoveAll(part => IsLength(part));
        parts.Add(min > max ? Nothing : Repeat(Any, min, max));
    }

    private bool IsLength(Pattern part) => part.Kind == PatternKind.Repeat && part.Parts[0] == Any;

    private Pattern Make(
        PatternKind kind,
        bool isNullable,
        bool isPlain,
        CodeSet? set = null,
        string[]? texts = null,
        Pattern[]? parts = null,
        int min = 0,
        int max = 0)
    {
        Key key = new(kind, set, texts, parts, min, max);
        if (_known.TryGetValue(key, out Pattern? known))
            return known;
        if (_all.Count >= MaxPatterns)
            throw new GrammarException("pattern", "", "its automaton is too large.");
        Pattern made = new()
        {
            Id = _all.Count,
            Kind = kind,
            IsNullable = isNullable,
            IsPlain = isPlain,
            Set = set ?? CodeSet.None,
            Texts = texts ?? [],
            Parts = parts ?? [],
            Min = min,
            Max = max,
        };
        _all.Add(made);
        _known[key] = made;
        return made;
    }

    private readonly struct Key(PatternKind kind, CodeSet? set, string[]? texts, Pattern[]? parts, int min, int max) : IEquatable<Key>
    {
        private readonly PatternKind _kind = kind;
        private readonly CodeSet? _set = set;
        private readonly string[]? _texts = texts;
        private readonly Pattern[]? _parts = parts;
        private readonly int _min = min;
        private readonly int _max = max;

        public bool Equals(Key other) =>
            _kind == other._kind
            && _min == other._min
            && _max == other._max
            && Equals(_set, other._set)
            && _texts.AsSpan().SequenceEqual(other._texts)
            && _parts.AsSpan().SequenceEqual(other._parts);

        public override bool Equals(object? obj) => obj is Key other && Equals(other);

        public override int GetHashCode()
        {
            HashCode hash = new();
            hash.Add(_kind);
            hash.Add(_min);
            hash.Add(_max);
            hash.Add(_set);
            foreach (string text in _texts ?? [])
                hash.Add(text, StringComparer.Ordinal);
            foreach (Pattern part in _parts ?? [])
                hash.Add(part.Id);
            return hash.ToHashCode();
        }
    }
}
