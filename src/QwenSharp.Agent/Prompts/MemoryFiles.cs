using System.Text;

namespace QwenSharp.Agent.Prompts;

/// <summary>
/// The files in which people tell agents about themselves and their projects: <c>AGENTS.md</c>, <c>QWEN.md</c> and <c>CLAUDE.md</c>, with
/// the files that they import by <c>@path</c>.
/// </summary>
public static class MemoryFiles
{
    private static readonly string[] Names = ["AGENTS.md", "QWEN.md", "CLAUDE.md"];

    // A context has other uses.
    private const int MostCharacters = 40_000;

    /// <summary>What they say, each under its name; empty where there are none.</summary>
    /// <param name="project">The project's directory; files in the directories between it and its repository's root count too.</param>
    /// <param name="user">The user's home directory; null for nobody's.</param>
    public static string Read(string project, string? user)
    {
        ArgumentNullException.ThrowIfNull(project);
        HashSet<string> seen = new(StringComparer.Ordinal);
        StringBuilder text = new();
        if (user is not null)
        {
            MemoryImports anywhere = new(root: null);
            foreach (string path in UsersFiles(user))
                Add(text, path, anywhere, seen);
        }

        string root = GitHead.Repository(project) ?? project;

        // A project's file must not be able to show the model what is outside the project.
        MemoryImports inside = new(root);
        foreach (string directory in Between(root, project))
        {
            foreach (string name in Names)
                Add(text, Path.Combine(directory, name), inside, seen);
        }

        return text.Length <= MostCharacters
            ? text.ToString()
            : $"{text.ToString(0, MostCharacters)}\n[cut here: read the files named above for the rest]\n";
    }

    private static IEnumerable<string> UsersFiles(string home) =>
    [
        .. Names.Select(name => Path.Combine(home, ".qwensharp", name)),
        Path.Combine(home, ".qwen", "QWEN.md"),
        Path.Combine(home, ".claude", "CLAUDE.md"),
        Path.Combine(home, ".codex", "AGENTS.md"),
    ];

    // The outermost first: what is nearer says the last word.
    private static IEnumerable<string> Between(string root, string project)
    {
        List<string> directories = [];
        for (DirectoryInfo? at = new(project); at is not null; at = at.Parent)
        {
            directories.Add(at.FullName);
            if (at.FullName == root)
                break;
        }

        directories.Reverse();
        return directories;
    }

    private static void Add(StringBuilder text, string path, MemoryImports imports, HashSet<string> seen)
    {
        // Many projects have one text under two names.
        if (imports.Read(path) is { } read && !string.IsNullOrWhiteSpace(read) && seen.Add(read))
            text.Append("# ").Append(path).Append('\n').Append(read.Trim()).Append("\n\n");
    }
}
