using System.Text;
using System.Text.RegularExpressions;

namespace QwenSharp.Tokenizers.Tests;

/// <summary>The tokenizer as its definition reads, with no thought of speed.</summary>
internal static partial class Oracle
{
    /// <summary>The published pattern. .NET folds no ſ to s where the libraries that train tokenizers do, so that is spelled out.</summary>
    public static Regex Pattern(PreTokenizerPattern pattern) => pattern == PreTokenizerPattern.Qwen2 ? Qwen2() : Qwen35();

    /// <summary>
    /// .NET sees UTF-16 units where the pattern means characters, so each character beyond the basic plane is replaced by
    /// one of the basic plane that is of the same class; the pieces are then cut from the original.
    /// </summary>
    public static List<string> Split(string text, PreTokenizerPattern pattern)
    {
        List<string> characters = [.. text.EnumerateRunes().Select(rune => rune.ToString())];
        string flat = string.Concat(characters.Select(c => c.Length == 1 ? c : SameClass(Rune.GetRuneAt(c, 0))));
        List<string> pieces = [];
        int done = 0;
        foreach (Match match in Pattern(pattern).Matches(flat))
        {
            Assert.Equal(done, match.Index);
            pieces.Add(string.Concat(characters.Skip(match.Index).Take(match.Length)));
            done += match.Length;
        }

        Assert.Equal(flat.Length, done);
        return pieces;
    }

    public static List<int> Merge(
        ReadOnlySpan<byte> piece,
        IReadOnlyList<(string Left, string Right)> merges,
        IReadOnlyDictionary<string, int> ids)
    {
        List<string> parts = [.. TinyVocabulary.Spell(piece).Select(c => c.ToString())];
        foreach ((string left, string right) in merges)
        {
            for (int i = 0; i + 1 < parts.Count; i++)
            {
                if (parts[i] == left && parts[i + 1] == right)
                {
                    parts[i] += parts[i + 1];
                    parts.RemoveAt(i + 1);
                }
            }
        }

        return [.. parts.Select(part => ids[part])];
    }

    private static string SameClass(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        <= System.Globalization.UnicodeCategory.OtherLetter => "文",
        <= System.Globalization.UnicodeCategory.EnclosingMark => "\u0301",
        <= System.Globalization.UnicodeCategory.OtherNumber => "٣",
        _ => "☃",
    };

    [GeneratedRegex(
        @"'[sSſ]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )]
    private static partial Regex Qwen2();

    [GeneratedRegex(
        @"'[sSſ]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )]
    private static partial Regex Qwen35();
}
