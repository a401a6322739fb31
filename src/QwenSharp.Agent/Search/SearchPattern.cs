using System.Text;
using System.Text.RegularExpressions;

namespace QwenSharp.Agent.Search;

/// <summary>
/// A regular expression that lines are searched for, and the longest text that every line with a match has in it, which is found much
/// faster. One without capital letters matches either case.
/// </summary>
internal sealed class SearchPattern
{
    private static readonly TimeSpan LongestMatch = TimeSpan.FromSeconds(10);

    /// <exception cref="RegexParseException">It is no regular expression; the message says what is wrong.</exception>
    public SearchPattern(string pattern)
    {
        IgnoresCase = !HasCapital(pattern);
        Regex = new Regex(
            pattern,
            RegexOptions.CultureInvariant | RegexOptions.Multiline | RegexOptions.Compiled | (IgnoresCase ? RegexOptions.IgnoreCase : 0),
            LongestMatch);
        string literal = RequiredText.Of(pattern, IgnoresCase);
        Literal = literal.Length == 0 ? null : Encoding.UTF8.GetBytes(literal);
        IsLiteral = literal.Length > 0 && literal == pattern;
        NeedsWholeLines = pattern.AsSpan().IndexOfAny('$', '\\', '[') >= 0;
    }

    /// <summary>The expression.</summary>
    public Regex Regex { get; }

    /// <summary>Whether letters match either case.</summary>
    public bool IgnoresCase { get; }

    /// <summary>
    /// UTF-8 that is in every line with a match, in either case where <see cref="IgnoresCase"/>; null where there is none.
    /// </summary>
    public byte[]? Literal { get; }

    /// <summary>Whether the literal is all of the pattern.</summary>
    public bool IsLiteral { get; }

    /// <summary>Whether a match in a text of many lines could reach over a line's end, or miss it.</summary>
    public bool NeedsWholeLines { get; }

    // A letter behind a backslash is a class, not a capital.
    private static bool HasCapital(string pattern)
    {
        for (int i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] == '\\')
                i++;
            else if (char.IsUpper(pattern[i]))
                return true;
        }

        return false;
    }
}
