using System.Text;
using System.Text.RegularExpressions;

namespace QwenSharp.Agent.Tools.Files;

/// <summary>The one place where a text is but for white space and the shape of quotes, and what goes there.</summary>
/// <param name="Start">Where it begins.</param>
/// <param name="Length">Its length.</param>
/// <param name="Replacement">The new text with the indentation that the place has.</param>
internal sealed partial record LooseMatch(int Start, int Length, string Replacement)
{
    private const int FewestCharacters = 4;

    /// <summary>Finds the place; null where there is none or more than one.</summary>
    /// <param name="text">The file's, with line feeds.</param>
    /// <param name="old">What is to be replaced.</param>
    /// <param name="new">What is to be there.</param>
    public static LooseMatch? Find(string text, string old, string @new)
    {
        (old, @new) = WithoutNumbers(old, @new);
        string trimmed = old.Trim();
        if (trimmed.Length < FewestCharacters)
            return null;

        MatchCollection matches = new Regex(Pattern(trimmed), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant).Matches(text);
        if (matches.Count != 1)
            return null;

        Match match = matches[0];
        int line = match.Index == 0 ? 0 : text.LastIndexOf('\n', match.Index - 1) + 1;
        string there = text[line..match.Index];
        string replacement = string.IsNullOrWhiteSpace(there) ? Indented(old, @new, there) : @new.Trim();
        return new LooseMatch(match.Index, match.Length, replacement);
    }

    // Models sometimes take the numbers of the lines along, which they saw when they read the file.
    private static (string Old, string New) WithoutNumbers(string old, string @new) =>
        old.Split('\n').All(line => line.Length == 0 || LineNumber().IsMatch(line))
            ? (LineNumber().Replace(old, ""), LineNumber().Replace(@new, ""))
            : (old, @new);

    private static string Pattern(string text)
    {
        StringBuilder pattern = new();
        bool isSpace = false;
        foreach (char character in text)
        {
            if (char.IsWhiteSpace(character))
            {
                pattern.Append(isSpace ? "" : "\\s+");
                isSpace = true;
                continue;
            }

            isSpace = false;
            pattern.Append(character switch
            {
                '"' or '“' or '”' => "[\"“”]",
                '\'' or '‘' or '’' => "['‘’]",
                _ => Regex.Escape(character.ToString()),
            });
        }

        return pattern.ToString();
    }

    // The first line stands behind the indentation that is there; those below it move as it did.
    private static string Indented(string old, string @new, string there)
    {
        string meant = Indentation(old.TrimStart('\n'));
        string[] lines = @new.Trim('\n').TrimEnd().Split('\n');
        if (lines[0].StartsWith(meant, StringComparison.Ordinal))
            lines[0] = lines[0][meant.Length..];
        else
            lines[0] = lines[0].TrimStart();

        for (int i = 1; i < lines.Length && meant != there; i++)
        {
            if (lines[i].Length > 0 && lines[i].StartsWith(meant, StringComparison.Ordinal))
                lines[i] = there + lines[i][meant.Length..];
        }

        return string.Join('\n', lines);
    }

    private static string Indentation(string text) => text[..(text.Length - text.TrimStart(' ', '\t').Length)];

    [GeneratedRegex(@"^ *\d+\t", RegexOptions.Multiline)]
    private static partial Regex LineNumber();
}
