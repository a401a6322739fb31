using QwenSharp.Agent.Search;
using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Permissions;

/// <summary>
/// Which files a rule means, as .gitignore writes it: <c>src/**</c> and <c>/src/**</c> below the project, <c>*.env</c> in any directory,
/// <c>~/.ssh/**</c> below the home directory, <c>//etc/**</c> from the root. A directory stands for all that is in it.
/// </summary>
internal sealed class PathPattern
{
    private readonly GlobPattern _exact;
    private readonly GlobPattern _inside;
    private readonly Base _base;

    /// <exception cref="FormatException">It is no pattern of paths.</exception>
    public PathPattern(string pattern)
    {
        (_base, string rest) = pattern switch
        {
            ['/', '/', .. var path] => (Base.Root, path),
            ['~', '/', .. var path] => (Base.Home, path),
            "~" => (Base.Home, "**"),
            ['/', .. var path] => (Base.Project, path),
            ['.', '/', .. var path] => (Base.Project, path),
            _ => (Base.Project, pattern.TrimEnd('/').Contains('/') ? pattern : "**/" + pattern),
        };
        string folded = Fold(rest.TrimEnd('/'));
        _exact = new GlobPattern(folded);
        _inside = new GlobPattern(folded + "/**");
    }

    private enum Base
    {
        Project,
        Home,
        Root,
    }

    /// <summary>Whether a full path is certainly meant.</summary>
    public bool Permits(string path, Workspace workspace) => IsMatch(path, Directory(workspace));

    /// <summary>Whether a full path may be meant: what is written without a root counts from the file system's as well.</summary>
    public bool Forbids(string path, Workspace workspace) => IsMatch(path, Directory(workspace))
        || (_base == Base.Project && IsMatch(path, Path.GetPathRoot(path)!));

    private string Directory(Workspace workspace) => _base switch
    {
        Base.Home => RealPath.Of(workspace.Home),
        Base.Root => Path.GetPathRoot(workspace.Root)!,
        _ => workspace.Root,
    };

    private bool IsMatch(string path, string directory)
    {
        if (!Workspace.IsIn(path, directory))
            return false;

        string relative = Fold(Path.GetRelativePath(directory, path).Replace(Path.DirectorySeparatorChar, '/'));
        return _exact.IsMatch(relative) || _inside.IsMatch(relative);
    }

    private static string Fold(string text) => Workspace.Comparison == StringComparison.Ordinal ? text : text.ToLowerInvariant();
}
