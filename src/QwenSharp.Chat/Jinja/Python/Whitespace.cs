namespace QwenSharp.Chat.Jinja.Python;

/// <summary>What Python's <c>str.isspace</c>, <c>strip</c> and <c>\s</c> count as white space.</summary>
internal static class Whitespace
{
    // Python adds the four ASCII separators to Unicode's white space.
    public static bool Is(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    public static int TrimStart(ReadOnlySpan<char> text)
    {
        int start = 0;
        while (start < text.Length && Is(text[start]))
            start++;

        return start;
    }

    public static int TrimEnd(ReadOnlySpan<char> text)
    {
        int end = text.Length;
        while (end > 0 && Is(text[end - 1]))
            end--;

        return end;
    }
}
