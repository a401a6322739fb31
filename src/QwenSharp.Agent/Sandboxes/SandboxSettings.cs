using QwenSharp.Agent.Permissions;
using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Sandboxes;

/// <summary>What a sandbox lets through.</summary>
/// <param name="workspace">The project, which commands may write.</param>
/// <param name="temporary">What commands see as their directory for temporary files; it outlives each of them.</param>
public sealed class SandboxSettings(Workspace workspace, string temporary)
{
    // Keys, passwords and the like, below the home directory.
    private static readonly string[] Secrets =
        [".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".netrc", ".npmrc", ".pypirc", ".git-credentials", ".password-store",
         ".vault-token", ".terraform.d", ".config/gcloud", ".config/gh", ".config/hub", ".config/op", ".config/git/credentials",
         ".config/rclone",
         ".config/google-chrome", ".config/chromium", ".mozilla", ".thunderbird", ".local/share/keyrings", ".cargo/credentials",
         ".cargo/credentials.toml", ".gem/credentials", ".m2/settings.xml", ".gradle/gradle.properties", ".bash_history", ".zsh_history",
         ".python_history", ".psql_history", ".mysql_history", ".pgpass", ".my.cnf", ".claude/.credentials.json", ".codex/auth.json",
         ".qwen/oauth_creds.json", ".qwensharp", "Library/Keychains", "Library/Application Support/Google/Chrome"];

    /// <summary>The project.</summary>
    public Workspace Workspace { get; } = workspace;

    /// <summary>The directory for temporary files.</summary>
    public string Temporary { get; } = RealPath.Of(Path.GetFullPath(temporary));

    /// <summary>Whether commands reach the network.</summary>
    public bool AllowsNetwork { get; init; }

    /// <summary>Directories that commands may write beside the project.</summary>
    public IReadOnlyList<string> Writable { get; init; } = [];

    /// <summary>Environment variables that commands get, so that programs keep their caches where they can write.</summary>
    internal IReadOnlyDictionary<string, string> Environment(string temporary) => new Dictionary<string, string>
    {
        ["TMPDIR"] = temporary,
        ["XDG_CACHE_HOME"] = Path.Join(temporary, "cache"),
        ["DOTNET_CLI_HOME"] = Path.Join(temporary, "dotnet"),
        ["npm_config_cache"] = Path.Join(temporary, "npm"),
    };

    /// <summary>What may be written, each once and existing: the project, directories beside it and git's, links followed.</summary>
    internal IEnumerable<string> WritableDirectories() =>
        ((string[])[Workspace.Root, .. Workspace.Further, .. Writable.Select(RealPath.Of), .. GitDirectories.Of(Workspace.Root)])
            .Where(Directory.Exists)
            .Distinct();

    /// <summary>What may not be written although it is in a directory that may.</summary>
    internal IEnumerable<string> Protected() => new ProtectedPaths(Workspace).InProject();

    /// <summary>What is not seen, unless the project is inside of it: full paths that exist.</summary>
    internal IEnumerable<string> Hidden() => Secrets
        .Select(name => RealPath.Of(Path.Join(Workspace.Home, name)))
        .Where(path => Workspace.Home.Length > 0 && Path.Exists(path) && !Workspace.IsIn(Workspace.Root, path));
}
