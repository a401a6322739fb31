namespace QwenSharp.Agent.Workspaces;

/// <summary>The directory of a project, and further ones that its tools may work in.</summary>
/// <param name="root">The project's directory.</param>
/// <param name="further">Directories beside it.</param>
public sealed class Workspace(string root, params IReadOnlyList<string> further)
{
    /// <summary>The project's directory, with symbolic links followed.</summary>
    public string Root { get; } = RealPath.Of(Path.GetFullPath(root));

    /// <summary>Directories beside it, with symbolic links followed.</summary>
    public IReadOnlyList<string> Further { get; } = [.. further.Select(directory => RealPath.Of(Path.GetFullPath(directory)))];

    /// <summary>Directories that may be read and not written, such as where long outputs are kept; links followed.</summary>
    public IReadOnlyList<string> Readable
    {
        get;
        init => field = [.. value.Select(directory => RealPath.Of(Path.GetFullPath(directory)))];
    } = [];

    /// <summary>The home directory of whoever runs the agent; empty where there is none.</summary>
    public string Home { get; init; } = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    /// <summary>The full path of one that the model gave, with every symbolic link on the way followed, whether or not it exists.</summary>
    /// <param name="path">Relative to <see cref="Root"/>, absolute, or below the home directory with a tilde.</param>
    /// <exception cref="IOException">It goes round in a circle of links, or no file can have this name.</exception>
    public string Resolve(string path) => Resolve(path, Root);

    /// <summary>The same, of a path that is relative to another directory.</summary>
    public string Resolve(string path, string directory) => RealPath.Of(Absolute(path, directory));

    /// <summary>Whether a resolved path is in the project or in a directory beside it.</summary>
    /// <param name="path">As <see cref="Resolve(string)"/> gives it.</param>
    public bool Contains(string path) => IsIn(path, Root) || Further.Any(directory => IsIn(path, directory));

    /// <summary>
    /// Whether a resolved path may be read as part of the work: what <see cref="Contains"/> says, and <see cref="Readable"/>.
    /// </summary>
    public bool MayRead(string path) => Contains(path) || Readable.Any(directory => IsIn(path, directory));

    /// <summary>A path as a person reads it: relative to the project where it is inside.</summary>
    public string Shown(string path) => IsIn(path, Root) ? Path.GetRelativePath(Root, path) : path;

    /// <summary>Whether a path is a directory or below it; both are full.</summary>
    internal static bool IsIn(string path, string directory) => path.Equals(directory, Comparison)
        || path.StartsWith(Path.EndsInDirectorySeparator(directory) ? directory : directory + Path.DirectorySeparatorChar, Comparison);

    // Windows and macOS take two spellings of a name for one file.
    internal static StringComparison Comparison =>
        OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;

    // Not made shorter: what ".." means behind a link is known when the link is followed.
    private string Absolute(string path, string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (path.Contains('\0'))
            throw new IOException("No file can have a name with a zero character in it.");

        bool isHome = path == "~" || path.StartsWith("~/", StringComparison.Ordinal);
        return isHome && Home.Length > 0 ? Path.Join(Home, path[1..]) : Path.Combine(directory, path);
    }
}
