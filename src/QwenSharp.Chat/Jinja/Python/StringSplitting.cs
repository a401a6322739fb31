using System.Numerics;

namespace QwenSharp.Chat.Jinja.Python;

/// <summary>The methods of Python's <c>str</c> that cut strings up and search in them.</summary>
internal static class StringSplitting
{
    public static IReadOnlyDictionary<string, StringMethods.Method> Methods { get; } = new Dictionary<string, StringMethods.Method>
    {
        ["split"] = (r, text, a) => Split(r, text, a, "split", fromRight: false),
        ["rsplit"] = (r, text, a) => Split(r, text, a, "rsplit", fromRight: true),
        ["splitlines"] = (r, text, a) => List(r, Lines(text, a.Bind("splitlines", 0, "keepends").Is(0))),
        ["partition"] = (r, text, a) => Partition(r, text, a.Bind("partition", 1, "sep").Text(0), last: false),
        ["rpartition"] = (r, text, a) => Partition(r, text, a.Bind("rpartition", 1, "sep").Text(0), last: true),
        ["find"] = (r, text, a) => new BigInteger(Find(r, text, a, "find", last: false)),
        ["rfind"] = (r, text, a) => new BigInteger(Find(r, text, a, "rfind", last: true)),
        ["index"] = (r, text, a) => Found(Find(r, text, a, "index", last: false)),
        ["rindex"] = (r, text, a) => Found(Find(r, text, a, "rindex", last: true)),
        ["count"] = Count,
    };

    /// <summary>The lines, at every line end that Python's <c>splitlines</c> knows.</summary>
    public static IEnumerable<Text> Lines(Text text, bool keepEnds = false)
    {
        string value = text.Value;
        for (int start = 0; start < value.Length;)
        {
            int length = value.AsSpan(start).IndexOfAny("\n\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029");
            int end = length < 0 ? value.Length : start + length;
            int next =
                end == value.Length ? end
                : value[end] == '\r' && end + 1 < value.Length && value[end + 1] == '\n' ? end + 2
                : end + 1;
            yield return text.Slice(start, (keepEnds ? next : end) - start);
            start = next;
        }
    }

    /// <summary>The UTF-16 offset of a code point as slices count it: from the end if negative, cut to the text.</summary>
    public static int Offset(Text text, int index) => text.OffsetOf(Math.Clamp(index < 0 ? index + text.Length : index, 0, text.Length));

    private static Sequence Split(Runtime runtime, Text text, Arguments arguments, string name, bool fromRight)
    {
        Bound bound = arguments.Bind(name, 0, "sep", "maxsplit");
        int most = bound.Int(1, -1) is >= 0 and var given ? given : int.MaxValue;
        if (!bound.Has(0) || bound[0] is null)
            return List(runtime, fromRight ? WordsFromRight(text, most) : Words(text, most));

        Text separator = bound.Text(0);
        if (separator.Value.Length == 0)
            throw new TemplateException("empty separator");

        runtime.Budget.Search(text.Value.Length, separator.Value.Length);
        return List(runtime, fromRight ? PartsFromRight(text, separator.Value, most) : Parts(text, separator.Value, most));
    }

    private static IEnumerable<Text> Parts(Text text, string separator, int most)
    {
        int start = 0;
        for (int found; most > 0 && (found = text.Value.IndexOf(separator, start, StringComparison.Ordinal)) >= 0; most--)
        {
            yield return text.Slice(start, found - start);
            start = found + separator.Length;
        }

        yield return text.Slice(start, text.Value.Length - start);
    }

    private static IEnumerable<Text> PartsFromRight(Text text, string separator, int most)
    {
        Stack<Text> parts = new();
        int end = text.Value.Length;
        for (int found; most > 0 && (found = text.Value.AsSpan(0, end).LastIndexOf(separator, StringComparison.Ordinal)) >= 0; most--)
        {
            parts.Push(text.Slice(found + separator.Length, end - found - separator.Length));
            end = found;
        }

        parts.Push(text.Slice(0, end));
        return parts;
    }

    private static IEnumerable<Text> Words(Text text, int most)
    {
        string value = text.Value;
        for (int start = Whitespace.TrimStart(value); start < value.Length; most--)
        {
            if (most == 0)
            {
                // The rest keeps its trailing white space.
                yield return text.Slice(start, value.Length - start);
                yield break;
            }

            int end = start;
            while (end < value.Length && !Whitespace.Is(value[end]))
                end++;

            yield return text.Slice(start, end - start);
            start = end + Whitespace.TrimStart(value.AsSpan(end));
        }
    }

    private static IEnumerable<Text> WordsFromRight(Text text, int most)
    {
        string value = text.Value;
        Stack<Text> words = new();
        for (int end = Whitespace.TrimEnd(value); end > 0; most--)
        {
            int start = end;
            while (start > 0 && !Whitespace.Is(value[start - 1]))
                start--;

            start = most == 0 ? 0 : start;
            words.Push(text.Slice(start, end - start));
            end = most == 0 ? 0 : Whitespace.TrimEnd(value.AsSpan(0, start));
        }

        return words;
    }

    private static Sequence Partition(Runtime runtime, Text text, Text separator, bool last)
    {
        if (separator.Value.Length == 0)
            throw new TemplateException("empty separator");

        runtime.Budget.Search(text.Value.Length, separator.Value.Length);
        int found = last
            ? text.Value.LastIndexOf(separator.Value, StringComparison.Ordinal)
            : text.Value.IndexOf(separator.Value, StringComparison.Ordinal);
        if (found < 0)
            return last ? Sequence.Tuple(Text.Empty, Text.Empty, text) : Sequence.Tuple(text, Text.Empty, Text.Empty);

        int after = found + separator.Value.Length;
        return Sequence.Tuple(
            text.Slice(0, found),
            text.Slice(found, separator.Value.Length),
            text.Slice(after, text.Value.Length - after));
    }

    private static int Find(Runtime runtime, Text text, Arguments arguments, string name, bool last)
    {
        (int start, int end, string part) = Where(runtime, text, arguments, name);
        if (start > end)
            return -1;

        ReadOnlySpan<char> searched = text.Value.AsSpan(start, end - start);
        int found = last ? searched.LastIndexOf(part, StringComparison.Ordinal) : searched.IndexOf(part, StringComparison.Ordinal);
        return found < 0 ? -1 : text.CodePointAt(start + found);
    }

    private static object Count(Runtime runtime, Text text, Arguments arguments)
    {
        (int start, int end, string part) = Where(runtime, text, arguments, "count");
        return new BigInteger(
            start > end ? 0
            : part.Length == 0 ? text.CodePointAt(end) - text.CodePointAt(start) + 1
            : text.Value.AsSpan(start, end - start).Count(part));
    }

    private static (int Start, int End, string Part) Where(Runtime runtime, Text text, Arguments arguments, string name)
    {
        Bound bound = arguments.Bind(name, 1, "sub", "start", "end");
        string part = bound.Text(0).Value;
        runtime.Budget.Search(text.Value.Length, part.Length);
        // A start past the end finds nothing, not even the empty string.
        bool past = bound.IntOrNone(1, 0) > text.Length;
        return (past ? int.MaxValue : Offset(text, bound.IntOrNone(1, 0)), Offset(text, bound.IntOrNone(2, int.MaxValue)), part);
    }

    private static object Found(int index) => index >= 0 ? new BigInteger(index) : throw new TemplateException("substring not found");

    private static Sequence List(Runtime runtime, IEnumerable<Text> parts)
    {
        List<object?> items = [];
        foreach (Text part in parts)
        {
            runtime.Budget.AllocateItems(1);
            items.Add(part);
        }

        return new Sequence(items);
    }
}
