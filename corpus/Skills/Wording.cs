namespace QwenSharp.Corpus.Skills;

/// <summary>How people type: small letters, missing marks, a slip of the finger, a word before or after.</summary>
internal static class Wording
{
    private static readonly string[] Before =
    [
        "Hi, ", "Hello, ", "Hey, ", "Please: ", "Quick question: ", "So, ", "OK, ", "Question: ", "Hi! ", "Sorry, ", "One question: ",
        "Now: ",
    ];
    private static readonly string[] After = [" Thanks.", " Thanks!", " Please.", " Thank you."];

    public static string Vary(string text, Draw draw)
    {
        if (draw.Chance(6))
            text = draw.Of(Before) + text;
        if (draw.Chance(4) && text[^1] is '?' or '.')
            text += draw.Of(After);
        if (draw.Chance(12))
            text = text.ToLowerInvariant();
        if (draw.Chance(8))
            text = text.TrimEnd('?', '.', '!');

        return draw.Chance(5) ? Slip(text, draw) : text;
    }

    // Two letters inside a longer word change places; names and numbers stay as they are.
    private static string Slip(string text, Draw draw)
    {
        int at = draw.Below(Math.Max(1, text.Length - 5));
        for (int i = at; i + 4 < text.Length; i++)
        {
            if (Enumerable.Range(i, 5).All(place => text[place] is >= 'a' and <= 'z') && text[i + 1] != text[i + 2])
                return $"{text[..(i + 1)]}{text[i + 2]}{text[i + 1]}{text[(i + 3)..]}";
        }

        return text;
    }
}
