using System.Globalization;

namespace QwenSharp.Agent.Permissions.Shell;

/// <summary>Text between <c>$'</c> and <c>'</c>, in which a backslash writes any character.</summary>
internal static class AnsiQuotes
{
    private const string Letters = "abeEfnrtv\\'\"?";
    private const string Values = "\a\b\e\e\f\n\r\t\v\\'\"?";

    /// <summary>Reads it into a word.</summary>
    /// <param name="text">The command line.</param>
    /// <param name="at">Behind the opening quote.</param>
    /// <param name="word">The word that it belongs to.</param>
    /// <returns>Where it goes on behind the closing quote.</returns>
    /// <exception cref="ShellSyntaxException">It is not closed, or writes what no command line can have.</exception>
    public static int Read(string text, int at, WordBuilder word)
    {
        word.AddQuotes();
        while (at < text.Length && text[at] != '\'')
        {
            if (text[at] != '\\' || at + 1 == text.Length)
                word.Add(text[at++]);
            else
                at = Escape(text, at + 1, word);
        }

        return at < text.Length ? at + 1 : throw new ShellSyntaxException("has a quote that is not closed");
    }

    private static int Escape(string text, int at, WordBuilder word)
    {
        char letter = text[at];
        int known = Letters.IndexOf(letter, StringComparison.Ordinal);
        if (known >= 0)
        {
            word.Add(Values[known]);
            return at + 1;
        }

        (int start, int most, int radix) = letter switch
        {
            'x' => (at + 1, 2, 16),
            'u' => (at + 1, 4, 16),
            'U' => (at + 1, 8, 16),
            >= '0' and <= '7' => (at, 3, 8),
            _ => throw new ShellSyntaxException("has a backslash in quotes that is not sure to be read rightly"),
        };
        int end = start;
        while (end < text.Length && end - start < most && IsDigit(text[end], radix))
            end++;

        int value = end == start ? 0 : Convert.ToInt32(text[start..end], radix);
        if (value is <= 0 or > 0x7F)
            throw new ShellSyntaxException("has a character in quotes that is not sure to be read rightly");

        word.Add((char)value);
        return end;
    }

    private static bool IsDigit(char character, int radix) =>
        radix == 8 ? character is >= '0' and <= '7' : int.TryParse([character], NumberStyles.AllowHexSpecifier, null, out _);
}
