namespace QwenSharp.Agent.Workspaces;

/// <summary>The directory of a project, and further ones that its tools may work in.</summary>
/// <param name="root">The project's directory.</param>
/// <param name="further">Directories beside it.</param>
public sealed class Workspace(string root, params IReadOnlyList<string> further)
{
    /// <summary>The project's directory, with symbolic links followed.</summary>
    public string Root { get; } = Followed(Path.GetFullPath(root));

    /// <summary>Directories beside it, with symbolic links followed.</summary>
    public IReadOnlyList<string> Further { get; } = [.. further.Select(directory => Followed(Path.GetFullPath(directory)))];

    /// <summary>The full path of one that the model gave, with every symbolic link on the way followed, whether or not it exists.</summary>
    /// <param name="path">Relative to <see cref="Root"/>, or absolute.</param>
    public string Resolve(string path) => Followed(Path.GetFullPath(path, Root));

    /// <summary>Whether a resolved path is in the project or in a directory beside it.</summary>
    /// <param name="path">As <see cref="Resolve"/> gives it.</param>
    public bool Contains(string path) => IsIn(path, Root) || Further.Any(directory => IsIn(path, directory));

    /// <summary>A path as a person reads it: relative to the project where it is inside.</summary>
    public string Shown(string path) => IsIn(path, Root) ? Path.GetRelativePath(Root, path) : path;

    private static bool IsIn(string path, string directory) => path == directory
        || path.StartsWith(Path.TrimEndingDirectorySeparator(directory) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private static string Followed(string path)
    {
        string root = Path.GetPathRoot(path)!, reached = root;
        int links = 0;
        Stack<string> rest = new(Names(path).Reverse());
        while (rest.TryPop(out string? name))
        {
            string next = Path.GetFullPath(name, reached);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                reached = next;
                continue;
            }

            if (++links > 40)
                throw new IOException($"{path} goes round in a circle of symbolic links.");

            string followed = Path.GetFullPath(target, reached);
            reached = Path.GetPathRoot(followed)!;
            foreach (string part in Names(followed).Reverse())
                rest.Push(part);
        }

        return reached;
    }

    private static IEnumerable<string> Names(string path) =>
        path[Path.GetPathRoot(path)!.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries);
}
