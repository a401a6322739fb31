namespace QwenSharp.Agent.Search;

/// <summary>What the ignore files of a directory and of those above it say; a deeper file wins, and in a file the last line.</summary>
internal sealed class IgnoreRules
{
    /// <summary>The names of the ignore files.</summary>
    public static readonly IReadOnlyList<string> Files = [".gitignore", ".ignore", ".qwenignore"];

    private readonly IgnoreRules? _above;
    private readonly int _pathStart;
    private readonly IReadOnlyList<IgnoreRule> _rules;

    private IgnoreRules(IgnoreRules? above, string directory, IReadOnlyList<IgnoreRule> rules) =>
        (_above, _pathStart, _rules) = (above, Path.TrimEndingDirectorySeparator(directory).Length + 1, rules);

    /// <summary>What the files above a directory say of what is in it, those of the repository that it is in.</summary>
    /// <param name="directory">A full path.</param>
    /// <param name="top">Where to stop looking upwards.</param>
    /// <param name="files">The names of the files; null for all.</param>
    public static IgnoreRules? Above(string directory, string top, IReadOnlyList<string>? files = null)
    {
        Stack<string> directories = new([directory]);
        while (directories.Peek() != top && !Path.Exists(Path.Join(directories.Peek(), ".git"))
            && Path.GetDirectoryName(directories.Peek()) is { } above)
        {
            directories.Push(above);
        }

        string excluded = Path.Join(directories.Peek(), ".git", "info", "exclude");
        return directories.SkipLast(1).Aggregate(With(null, directories.Peek(), excluded), (rules, one) => In(one, rules, files));
    }

    /// <summary>The rules inside a directory whose parent's are known.</summary>
    public static IgnoreRules? In(string directory, IgnoreRules? above, IReadOnlyList<string>? files = null) =>
        (files ?? Files).Aggregate(above, (rules, file) => With(rules, directory, Path.Join(directory, file)));

    /// <summary>Whether a path below is ignored.</summary>
    /// <param name="path">Its full path.</param>
    /// <param name="isDirectory">Whether it is a directory.</param>
    public bool Ignores(string path, bool isDirectory)
    {
        ReadOnlySpan<char> name = Path.GetFileName(path.AsSpan());
        for (IgnoreRules? rules = this; rules is not null; rules = rules._above)
        {
            for (int i = rules._rules.Count - 1; i >= 0; i--)
            {
                if (rules._rules[i].Matches(path.AsSpan(rules._pathStart), name, isDirectory))
                    return !rules._rules[i].IsException;
            }
        }

        return false;
    }

    private static IgnoreRules? With(IgnoreRules? above, string directory, string file)
    {
        try
        {
            if (!File.Exists(file))
                return above;

            List<IgnoreRule> rules = [.. File.ReadLines(file).Select(IgnoreRule.Parse).OfType<IgnoreRule>()];
            return rules.Count == 0 ? above : new IgnoreRules(above, directory, rules);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What cannot be read says nothing.
            return above;
        }
    }
}
