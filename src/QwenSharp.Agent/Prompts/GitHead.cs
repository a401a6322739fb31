namespace QwenSharp.Agent.Prompts;

/// <summary>
/// What a repository has checked out, read from its files: starting the git program would take longer than all else at the start.
/// </summary>
internal static class GitHead
{
    /// <summary>"branch main", "commit 1a2b3c4d5e" where no branch is checked out; null outside a repository.</summary>
    /// <param name="directory">A directory in it.</param>
    public static string? Of(string directory)
    {
        if (Repository(directory) is not { } root)
            return null;

        try
        {
            string place = Path.Combine(root, ".git");

            // In a further work tree, and in a submodule, it is a file that says where.
            if (File.Exists(place))
                place = Path.GetFullPath(File.ReadAllText(place).Trim()["gitdir:".Length..].Trim(), root);

            string head = File.ReadAllText(Path.Combine(place, "HEAD")).Trim();
            const string branch = "ref: refs/heads/";
            return head.StartsWith(branch, StringComparison.Ordinal)
                ? $"branch {head[branch.Length..]}"
                : $"commit {head[..Math.Min(10, head.Length)]}";
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return "a repository whose state cannot be read";
        }
    }

    /// <summary>The root of the repository that a directory is in; null where it is in none.</summary>
    public static string? Repository(string directory)
    {
        for (DirectoryInfo? at = new(directory); at is not null; at = at.Parent)
        {
            string git = Path.Combine(at.FullName, ".git");
            if (Directory.Exists(git) || File.Exists(git))
                return at.FullName;
        }

        return null;
    }
}
