using QwenSharp.Agent.Permissions;
using QwenSharp.Agent.Tools;
using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Tests.Permissions;

/// <summary>A project in a home directory, with what attempts at getting out of it need.</summary>
public sealed class Project : IDisposable
{
    private readonly TemporaryFolder _folder;

    public Project()
        : this(null)
    {
    }

    /// <summary>A project in a folder that is not one for temporary files, which sandboxes treat as their own.</summary>
    internal Project(string? above)
    {
        _folder = new TemporaryFolder(above);
        _folder.Write("home/.ssh/id_rsa", "key");
        _folder.Write("home/.bashrc", "");
        _folder.Write("home/notes.txt", "notes");
        _folder.Write("home/project/src/a.cs", "class A;");
        _folder.Write("home/project/README.md", "read me");
        _folder.Write("home/project/.git/config", "");
        _folder.Write("home/project/.git/hooks/pre-commit.sample", "");
        _folder.Write("home/project/bare/HEAD", "ref: refs/heads/main");
        _folder.Write("home/project/bare/objects/x", "");
        _folder.Write("home/outside/secret.txt", "secret");
        File.CreateSymbolicLink(_folder["home/project/link-out"], _folder["home/outside"]);
        File.CreateSymbolicLink(_folder["home/project/link-file"], _folder["home/.ssh/id_rsa"]);
        File.CreateSymbolicLink(_folder["home/project/link-git"], ".git");
        File.CreateSymbolicLink(_folder["home/project/link-up"], "..");
        Workspace = new Workspace(_folder["home/project"]) { Home = _folder["home"] };
    }

    public Workspace Workspace { get; }

    public string this[params string[] parts] => Path.Combine([Workspace.Root, .. parts]);

    public PermissionPolicy Policy(PermissionMode mode, PermissionRules? rules = null, bool isHeadless = false, bool isSandboxed = false) =>
        new(mode, Workspace, rules) { IsHeadless = isHeadless, IsSandboxed = isSandboxed };

    public Decision Run(PermissionPolicy policy, string command) => policy.Decide(
        new NamedTool("run_shell_command"),
        new ToolAccess(AccessKind.Execute) { Command = command.Replace("@HOME@", Workspace.Home, StringComparison.Ordinal), Paths = [Workspace.Root] });

    public Decision Write(PermissionPolicy policy, string path) => policy.Decide(
        new NamedTool("write_file"), new ToolAccess(AccessKind.Write) { Paths = [Workspace.Resolve(path)] });

    public Decision Read(PermissionPolicy policy, string path) => policy.Decide(
        new NamedTool("read_file"), new ToolAccess(AccessKind.Read) { Paths = [Workspace.Resolve(path)] });

    public void Dispose() => _folder.Dispose();
}
