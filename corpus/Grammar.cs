using System.Text;

namespace QwenSharp.Corpus;

/// <summary>Patterns of text: <c>[a|b|]</c> is one of its parts, which may nest, and <c>{name}</c> is a slot.</summary>
internal static class Grammar
{
    /// <summary>Makes one text of a pattern.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="draw">Makes the choices.</param>
    /// <param name="slot">The text of a slot; null where the pattern has none.</param>
    /// <exception cref="FormatException">The brackets do not match, or a slot has no text.</exception>
    public static string Expand(string pattern, Draw draw, Func<string, string>? slot = null)
    {
        StringBuilder text = new();
        int at = 0;
        Sequence(pattern, ref at, draw, slot, text, nested: false);
        return text.ToString();
    }

    /// <summary>"name, city and age", or with a comma before the last too.</summary>
    /// <param name="items">What is listed.</param>
    /// <param name="draw">Makes the choice.</param>
    /// <param name="and">The chance of "and", in percent.</param>
    public static string List(IReadOnlyList<string> items, Draw draw, int and) =>
        items.Count == 1 ? items[0] : $"{string.Join(", ", items.SkipLast(1))}{(draw.Chance(and) ? " and " : ", ")}{items[^1]}";

    /// <summary>"a pump", "an owl".</summary>
    public static string WithArticle(string thing) => (BeginsWithVowel(thing) ? "an " : "a ") + thing;

    private static void Sequence(string pattern, ref int at, Draw draw, Func<string, string>? slot, StringBuilder text, bool nested)
    {
        while (at < pattern.Length)
        {
            char next = pattern[at++];
            if (next == '[')
            {
                Choice(pattern, ref at, draw, slot, text);
            }
            else if (next == '{')
            {
                int close = pattern.IndexOf('}', at);
                string name = close < 0 ? throw Wrong(pattern) : pattern[at..close];
                Append(text, slot?.Invoke(name) ?? throw new FormatException($"The slot {{{name}}} of '{pattern}' has no text."));
                at = close + 1;
            }
            else if (next is ']' or '|' && nested)
            {
                at--;
                return;
            }
            else
            {
                text.Append(next);
            }
        }

        if (nested)
            throw Wrong(pattern);
    }

    // "a owl" is "an owl".
    private static void Append(StringBuilder text, string value)
    {
        bool follows = text.Length >= 2 && text[^1] == ' ' && text[^2] is 'a' or 'A' && (text.Length == 2 || text[^3] is ' ' or '\n');
        if (follows && BeginsWithVowel(value))
            text.Insert(text.Length - 1, 'n');

        text.Append(value);
    }

    private static bool BeginsWithVowel(string word) =>
        word is ['a' or 'e' or 'i' or 'o' or 'u', ..] && !word.StartsWith("uni", StringComparison.Ordinal);

    // Choosing before expanding leaves the slots of other parts untouched: only what is said is drawn.
    private static void Choice(string pattern, ref int at, Draw draw, Func<string, string>? slot, StringBuilder text)
    {
        List<int> starts = [at];
        int end = at;
        for (int depth = 0; ; end++)
        {
            if (end >= pattern.Length)
                throw Wrong(pattern);
            if (pattern[end] == '[')
                depth++;
            else if (pattern[end] == ']' && depth-- == 0)
                break;
            else if (pattern[end] == '|' && depth == 0)
                starts.Add(end + 1);
        }

        int chosen = draw.Of(starts);
        Sequence(pattern, ref chosen, draw, slot, text, nested: true);
        at = end + 1;
    }

    private static FormatException Wrong(string pattern) => new($"The brackets of '{pattern}' do not match.");
}
