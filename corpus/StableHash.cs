namespace QwenSharp.Corpus;

/// <summary>A hash that is the same on every machine and in every release; it decides what is held out.</summary>
internal static class StableHash
{
    /// <summary>FNV-1a over UTF-16 units, then the finaliser of SplitMix64, as FNV's low bits alone are poor.</summary>
    public static ulong Of(string text)
    {
        ulong hash = 14695981039346656037;
        foreach (char unit in text)
            hash = (hash ^ unit) * 1099511628211;

        return Mix(hash);
    }

    /// <summary>The finaliser of SplitMix64 (Steele, Lea and Flood 2014).</summary>
    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    /// <summary>The part to which a value or a combination belongs: every fifth is held out.</summary>
    public static Split SplitOf(string key) => Of(key) % 5 == 0 ? Split.HeldOut : Split.Train;

    /// <summary>A question as a key: its letters and digits, as marks and case come and go with the wording.</summary>
    public static string KeyOf(string question) => string.Concat(question.Where(char.IsLetterOrDigit).Select(char.ToLowerInvariant));

    /// <summary>
    /// Whether a whole prompt is set apart: every eighth, of which training sees none and the held-out part nothing else.
    /// </summary>
    public static bool IsSetApart(string prompt) => Of("prompt:" + prompt) % 8 == 0;
}
