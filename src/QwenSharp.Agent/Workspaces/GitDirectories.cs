namespace QwenSharp.Agent.Workspaces;

/// <summary>The directories in which git keeps a project's history: usually <c>.git</c>, for a further work tree others.</summary>
internal static class GitDirectories
{
    private static readonly string[] RunsPrograms = ["hooks", "config", "config.worktree", "modules", Path.Join("info", "attributes")];

    /// <summary>The directories, links followed; empty where the project is in no repository of its own.</summary>
    public static IReadOnlyList<string> Of(string root)
    {
        string git = Path.Join(root, ".git");
        if (Directory.Exists(git))
            return [RealPath.Of(git)];

        if (Named(git, "gitdir:") is not { } own)
            return [];

        string path = RealPath.Of(Path.Combine(root, own));
        return Named(Path.Join(path, "commondir"), "") is { } common ? [path, RealPath.Of(Path.Combine(path, common))] : [path];
    }

    /// <summary>What in them says which programs git runs.</summary>
    public static IEnumerable<string> Executable(string root) =>
        Of(root).SelectMany(directory => RunsPrograms.Select(name => Path.Join(directory, name)));

    private static string? Named(string file, string key)
    {
        if (!File.Exists(file))
            return null;

        string text = File.ReadAllText(file).Trim();
        return text.StartsWith(key, StringComparison.Ordinal) && text.Length > key.Length ? text[key.Length..].Trim() : null;
    }
}
