using System.Text.RegularExpressions;

namespace QwenSharp.Chat.Streaming.Hermes;

/// <summary>Tells JSON that may be a call from other JSON by its first field, so that the other is not held back.</summary>
internal static partial class JsonBeginning
{
    private const int Longest = 256;

    private const string Keys = "name|arguments|parameters|type|id|function";

    /// <summary>Whether an object begins as a call of an offered tool does; null where more has to come.</summary>
    public static bool? NamesATool(ReadOnlySpan<char> text, OfferedTools tools)
    {
        string beginning = text[..Math.Min(text.Length, Longest)].ToString();
        Match field = Field().Match(beginning);
        if (!field.Success)
            return text.Length < Longest && Partial().IsMatch(beginning) ? null : false;

        return field.Groups["key"].Value != "name" || tools.Find(field.Groups["value"].Value) is not null;
    }

    [GeneratedRegex($$"""\A\{\s*(["'])(?<key>{{Keys}})\1\s*:\s*(?:(["'])(?<value>[^"'\\\n]*)\2|[^\s"'])""")]
    private static partial Regex Field();

    [GeneratedRegex($$"""\A\{\s*(?:["'](?:[a-z]{0,10}|(?:{{Keys}})["']\s*(?::\s*(?:["'][^"'\\\n]*)?)?))?\z""")]
    private static partial Regex Partial();
}
