namespace QwenSharp.Chat.Jinja;

/// <summary>A run of UTF-16 units, from <paramref name="Start"/> up to <paramref name="End"/>.</summary>
internal readonly record struct Run(int Start, int End);

/// <summary>
/// A template's string, which remembers which of its characters came from the conversation rather than from the template.
/// The memory follows the characters through every operation; where an operation mixes them beyond following, the whole
/// result counts as the conversation's. Equality and order are those of the characters alone.
/// </summary>
internal sealed class Text : IEquatable<Text>
{
    public static readonly Text Empty = new(string.Empty, []);

    // Sorted, not touching, not empty. No run at all is the usual case: template text.
    private readonly Run[] _untrusted;
    private int[]? _codePoints;

    private Text(string value, Run[] untrusted, bool markup = false)
    {
        Value = value;
        _untrusted = untrusted;
        IsMarkup = markup;
    }

    public string Value { get; }

    /// <summary>Marked as HTML by <c>safe</c> or <c>escape</c>: joining plain text to it with + escapes that text, as Jinja does.</summary>
    public bool IsMarkup { get; }

    public ReadOnlySpan<Run> Untrusted => _untrusted;

    public bool IsTrusted => _untrusted.Length == 0;

    /// <summary>Python's length: code points, not UTF-16 units.</summary>
    public int Length => CodePoints.Length == 0 ? Value.Length : CodePoints.Length - 1;

    // The UTF-16 offset of each code point and of the end; empty when every unit is one code point.
    private int[] CodePoints => _codePoints ??= Offsets(Value);

    public static Text FromTemplate(string value) => value.Length == 0 ? Empty : new(value, []);

    public static Text FromConversation(string value) => value.Length == 0 ? Empty : new(value, [new(0, value.Length)]);

    /// <summary>Text with the given untrusted runs, which must be sorted, apart and inside it.</summary>
    public static Text WithRuns(string value, Run[] untrusted) => new(value, untrusted);

    /// <summary>Text computed from others: untrusted as a whole if any part of its sources is.</summary>
    public static Text From(string value, params ReadOnlySpan<Text> sources)
    {
        foreach (Text source in sources)
        {
            if (!source.IsTrusted)
                return FromConversation(value);
        }

        return FromTemplate(value);
    }

    public Text AsMarkup(bool markup = true) => markup == IsMarkup ? this : new(Value, _untrusted, markup);

    /// <summary>A part, in UTF-16 units.</summary>
    public Text Slice(int start, int length)
    {
        if (length == Value.Length)
            return this;

        if (length == 0)
            return Empty;

        string value = Value.Substring(start, length);
        if (IsTrusted)
            return new(value, []);

        List<Run> runs = [];
        foreach (Run run in _untrusted)
        {
            int from = Math.Max(run.Start - start, 0), to = Math.Min(run.End - start, length);
            if (from < to)
                runs.Add(new(from, to));
        }

        return new(value, [.. runs]);
    }

    /// <summary>The UTF-16 offset of a code point; <see cref="Length"/> gives the end.</summary>
    public int OffsetOf(int codePoint) => CodePoints.Length == 0 ? codePoint : CodePoints[codePoint];

    /// <summary>The code point that starts at a UTF-16 offset.</summary>
    public int CodePointAt(int offset) =>
        CodePoints.Length == 0 ? offset
        : Array.BinarySearch(CodePoints, offset) is >= 0 and var found ? found
        : offset;

    /// <summary>One code point, as text.</summary>
    public Text At(int codePoint) => Slice(OffsetOf(codePoint), OffsetOf(codePoint + 1) - OffsetOf(codePoint));

    public bool Equals(Text? other) => other is not null && Value == other.Value;

    public override bool Equals(object? obj) => Equals(obj as Text);

    public override int GetHashCode() => Value.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Value;

    private static int[] Offsets(string value)
    {
        if (value.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
            return [];

        List<int> offsets = new(value.Length + 1);
        for (int i = 0; i < value.Length; i += char.IsSurrogatePair(value, i) ? 2 : 1)
            offsets.Add(i);

        offsets.Add(value.Length);
        return [.. offsets];
    }
}
