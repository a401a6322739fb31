namespace QwenSharp.Protocols.Requests;

/// <summary>A caller's own text inside a message to them: enough to know it again, never megabytes of it.</summary>
public static class Excerpt
{
    /// <summary>A text, or its beginning and an ellipsis.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="length">The most UTF-16 units of it.</param>
    public static string Of(string text, int length = 100)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length <= length)
            return text;

        int end = char.IsHighSurrogate(text[length - 1]) ? length - 1 : length;
        return string.Concat(text.AsSpan(0, end), "…");
    }
}
