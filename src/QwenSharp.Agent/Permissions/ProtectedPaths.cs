using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Permissions;

/// <summary>
/// Files that no call may write, whoever allows it: those that make programs run later, outside of what is decided here, and those that
/// say what is allowed.
/// </summary>
/// <param name="workspace">The project.</param>
public sealed class ProtectedPaths(Workspace workspace)
{
    /// <summary>The agent's own directory in a project and in the home directory.</summary>
    internal const string Own = ".qwensharp";

    // Of other agents and editors, the files by which they run programs.
    private static readonly string[] Settings =
        [".claude/settings.json", ".claude/settings.local.json", ".qwen/settings.json", ".codex/config.toml", ".gemini/settings.json",
         ".mcp.json",
         ".cursor/mcp.json", ".vscode/settings.json", ".vscode/tasks.json", ".envrc"];

    private static readonly string[] AtHome =
        [".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases", ".profile", ".zshrc", ".zshenv", ".zprofile",
         ".zlogin",
         ".zlogout", ".kshrc", ".cshrc", ".tcshrc", ".login", ".inputrc", ".xprofile", ".xinitrc", ".xsession", ".pam_environment",
         ".gitconfig",
         ".config/git", ".config/fish", ".config/autostart", ".config/systemd", ".ssh", ".gnupg", ".netrc", ".npmrc", ".pypirc", ".vimrc",
         ".local/bin", ".local/share/qwensharp", ".claude", ".qwen", ".codex"];

    /// <summary>Why a path may not be written; null where nothing here speaks against it.</summary>
    /// <param name="path">A full path, links followed.</param>
    public string? Reason(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        string[] names = [.. path.Split(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar).Select(Plain)];
        if (names.Contains(".git"))
            return $"{workspace.Shown(path)} belongs to git, which runs what its hooks and settings say; use git's own commands.";

        if (names.Contains(Own))
            return $"{workspace.Shown(path)} belongs to the agent's own settings.";

        string plain = string.Join('/', names);
        if (Settings.Any(file => plain.EndsWith("/" + file, StringComparison.Ordinal)))
            return $"{workspace.Shown(path)} makes other programs run things.";

        string home = workspace.Home.Length == 0 ? "" : RealPath.Of(workspace.Home);
        return home.Length > 1 && AtHome.Any(file => Workspace.IsIn(path, Path.Join(home, file)))
            ? $"{path} is read when a shell or another program starts."
            : null;
    }

    /// <summary>What of a project stays as it is while commands run in a sandbox: full paths, of which some may not exist.</summary>
    internal IEnumerable<string> InProject() => Settings
        .Append(Own)
        .Select(file => Path.Join(workspace.Root, file))
        .Concat(GitDirectories.Executable(workspace.Root));

    // File systems take names with other cases, spaces and dots at the end, or invisible characters in them for the same.
    private static string Plain(string name) =>
        string.Concat(name.Where(one => char.GetUnicodeCategory(one) != System.Globalization.UnicodeCategory.Format))
            .TrimEnd(' ', '.').ToLowerInvariant();
}
