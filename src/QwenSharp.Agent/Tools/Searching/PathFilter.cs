using QwenSharp.Agent.Search;

namespace QwenSharp.Agent.Tools.Searching;

/// <summary>Which files below a directory are meant by a pattern: one without a slash is of the name alone.</summary>
internal sealed class PathFilter
{
    private readonly GlobPattern _pattern;
    private readonly int _start;
    private readonly bool _isOfName;

    private PathFilter(string pattern, string directory)
    {
        _pattern = new GlobPattern(pattern);
        _isOfName = !pattern.Contains('/');
        _start = Path.TrimEndingDirectorySeparator(directory).Length + 1;
    }

    /// <summary>The filter of a pattern; null for none.</summary>
    /// <exception cref="ToolException">It is no pattern.</exception>
    public static PathFilter? Of(string? pattern, string directory)
    {
        if (pattern is null or "")
            return null;

        try
        {
            return new PathFilter(pattern.StartsWith("./", StringComparison.Ordinal) ? pattern[2..] : pattern.TrimStart('/'), directory);
        }
        catch (FormatException wrong)
        {
            throw new ToolException(wrong.Message);
        }
    }

    /// <summary>Whether a file is meant.</summary>
    /// <param name="path">Its full path.</param>
    public bool IsMatch(string path) => _isOfName || path.Length <= _start
        ? _pattern.IsMatch(Path.GetFileName(path.AsSpan()))
        : _pattern.IsMatch(OperatingSystem.IsWindows() ? path[_start..].Replace('\\', '/') : path.AsSpan(_start));
}
