namespace QwenSharp.Agent.Search;

/// <summary>One line of a .gitignore.</summary>
/// <param name="Pattern">Of the path below the file's directory, or of the name alone.</param>
/// <param name="IsOfPath">Whether the pattern is of the path.</param>
/// <param name="IsOfDirectories">Whether only directories are meant.</param>
/// <param name="IsException">Whether what it matches is not ignored after all.</param>
internal sealed record IgnoreRule(GlobPattern Pattern, bool IsOfPath, bool IsOfDirectories, bool IsException)
{
    /// <summary>Reads a line; null where it says nothing, as git takes comments, empty lines and patterns that cannot be.</summary>
    public static IgnoreRule? Parse(string line)
    {
        string pattern = TrimmedEnd(line.TrimEnd('\r'));
        if (pattern.Length == 0 || pattern[0] == '#')
            return null;

        bool isException = pattern[0] == '!';
        pattern = isException ? pattern[1..] : pattern;
        bool isOfDirectories = pattern.EndsWith('/');
        pattern = pattern.TrimEnd('/');
        bool isOfPath = pattern.Contains('/');
        pattern = pattern.TrimStart('/');
        try
        {
            return pattern.Length == 0
                ? null
                : new IgnoreRule(new GlobPattern(pattern, hasBraces: false), isOfPath, isOfDirectories, isException);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>Whether it speaks of a path.</summary>
    /// <param name="path">Below the file's directory, with slashes.</param>
    /// <param name="name">Its last name.</param>
    /// <param name="isDirectory">Whether it is a directory.</param>
    public bool Matches(ReadOnlySpan<char> path, ReadOnlySpan<char> name, bool isDirectory) =>
        (isDirectory || !IsOfDirectories) && Pattern.IsMatch(IsOfPath ? path : name);

    private static string TrimmedEnd(string line)
    {
        int end = line.Length;
        while (end > 0 && line[end - 1] is (' ' or '\t') && !(end > 1 && line[end - 2] == '\\'))
            end--;

        return line[..end];
    }
}
