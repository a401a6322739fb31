namespace QwenSharp.Agent.Workspaces;

/// <summary>Paths without symbolic links in them, found as the system finds them: name by name from the top.</summary>
internal static class RealPath
{
    private const int MostLinks = 40;

    /// <summary>The path that an absolute one leads to. What does not exist stays as it is written.</summary>
    /// <exception cref="IOException">It goes round in a circle of links.</exception>
    public static string Of(string path)
    {
        string reached = Path.GetPathRoot(path)!;
        int links = 0;
        Stack<string> rest = new(Names(path).Reverse());
        while (rest.TryPop(out string? name))
        {
            if (name == ".")
                continue;

            // Behind a link that was followed, the parent is that of where it led.
            if (name == "..")
            {
                reached = Path.GetDirectoryName(reached) ?? reached;
                continue;
            }

            string next = Path.Join(reached, name);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                reached = next;
                continue;
            }

            if (++links > MostLinks)
                throw new IOException($"{path} goes round in a circle of symbolic links.");

            if (Path.IsPathRooted(target))
                reached = Path.GetPathRoot(target)!;

            foreach (string part in Names(target).Reverse())
                rest.Push(part);
        }

        return reached;
    }

    private static IEnumerable<string> Names(string path) => path[(Path.GetPathRoot(path)?.Length ?? 0)..]
        .Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries);
}
