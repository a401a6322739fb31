using System.Text;

namespace QwenSharp.Chat.Jinja.Python;

/// <summary>Python's upper, lower, title, capitalize and swapcase, the letters that change length included.</summary>
internal static class LetterCase
{
    // From Unicode's SpecialCasing: one character whose upper case is several.
    private static readonly Dictionary<char, string> Longer = new()
    {
        ['ß'] = "SS",
        ['ŉ'] = "ʼN",
        ['ǰ'] = "J̌",
        ['ﬀ'] = "FF",
        ['ﬁ'] = "FI",
        ['ﬂ'] = "FL",
        ['ﬃ'] = "FFI",
        ['ﬄ'] = "FFL",
        ['ﬅ'] = "ST",
        ['ﬆ'] = "ST",
    };

    public static string Upper(string text)
    {
        string upper = text.ToUpperInvariant();
        if (!upper.AsSpan().ContainsAnyExceptInRange('\0', '\x7f'))
            return upper;

        StringBuilder longer = new(upper.Length);
        foreach (char c in upper)
            longer.Append(Longer.TryGetValue(c, out string? several) ? several : c.ToString());

        return longer.ToString();
    }

    public static string Lower(string text)
    {
        string lower = text.ToLowerInvariant();
        if (!text.AsSpan().ContainsAny('Σ', 'İ'))
            return lower;

        StringBuilder exact = new(lower.Length);
        for (int i = 0; i < text.Length; i++)
        {
            // A sigma at the end of a word has its own form.
            bool final = text[i] == 'Σ' && i > 0 && char.IsLetter(text[i - 1]) && !(i + 1 < text.Length && char.IsLetter(text[i + 1]));
            exact.Append(final ? "ς" : text[i] == 'İ' ? "i̇" : lower[i].ToString());
        }

        return exact.ToString();
    }

    /// <summary>The first letter of each run of letters in upper case, the others in lower case.</summary>
    public static string Title(string text) => Map(text, (rune, afterLetter) => afterLetter ? Lower(rune) : TitleCase(rune));

    public static string Capitalize(string text)
    {
        if (text.Length == 0)
            return text;

        int first = char.IsSurrogatePair(text, 0) ? 2 : 1;
        return TitleCase(text[..first]) + Lower(text)[first..];
    }

    public static string Swap(string text) => Map(text, (rune, _) => Rune.IsUpper(Rune.GetRuneAt(rune, 0)) ? Lower(rune) : Upper(rune));

    private static string TitleCase(string rune) =>
        rune == "ß" ? "Ss"
        : Upper(rune) is { Length: > 1 } several && !char.IsSurrogate(several[0]) ? several[0] + Lower(several[1..])
        : Upper(rune);

    private static string Map(string text, Func<string, bool, string> map)
    {
        StringBuilder mapped = new(text.Length);
        bool afterLetter = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            mapped.Append(map(rune.ToString(), afterLetter));
            afterLetter = Rune.IsLetter(rune);
        }

        return mapped.ToString();
    }
}
