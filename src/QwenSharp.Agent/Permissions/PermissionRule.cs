using QwenSharp.Agent.Tools;
using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Permissions;

/// <summary>
/// A rule on calls, in Claude Code's spelling: a tool, or one with what is meant of it in brackets. <c>Bash(git diff:*)</c>,
/// <c>Read(~/.ssh/**)</c>, <c>Edit(src/**)</c>, <c>WebFetch(domain:example.com)</c>, <c>run_shell_command(npm test)</c>,
/// <c>mcp__github</c>.
/// <c>Read</c> and <c>Edit</c> mean every tool that reads or writes files.
/// </summary>
public sealed class PermissionRule
{
    private readonly Predicate<AgentTool> _isTool;
    private readonly AccessKind? _kind;
    private readonly PathPattern? _paths;
    private readonly string? _domain;

    private PermissionRule(string text, string name, string? meant)
    {
        Text = text;
        (_kind, _isTool) = name switch
        {
            "Read" => (AccessKind.Read, _ => true),
            "Edit" or "Write" or "MultiEdit" or "NotebookEdit" => (AccessKind.Write, _ => true),
            "edit" or "write_file" or "apply_patch" when meant is not null => (AccessKind.Write, _ => true),
            "Bash" or "Shell" or "run_shell_command" => (AccessKind.Execute, _ => true),
            "WebFetch" or "web_fetch" => (AccessKind.Network, _ => true),
            "Grep" => (null, Named("grep_search")),
            "Glob" => (null, Named("glob")),
            "LS" => (null, Named("list_directory")),
            "TodoWrite" => ((AccessKind?)null, Named("todo_write")),
            _ when name.EndsWith('*') => (null, tool => tool.Name.StartsWith(name[..^1], StringComparison.Ordinal)),
            _ => (null, tool => tool.Name == name || (name.StartsWith("mcp__", StringComparison.Ordinal)
                && tool.Name.StartsWith(name + "__", StringComparison.Ordinal))),
        };
        if (meant is null or "" or "*")
            return;

        if (_kind == AccessKind.Execute)
            Commands = new CommandPattern(meant);
        else if (_kind == AccessKind.Network)
            _domain = Domain(text, meant);
        else
            _paths = new PathPattern(meant);

        static Predicate<AgentTool> Named(string tool) => one => one.Name == tool;
    }

    /// <summary>The rule as it was written.</summary>
    public string Text { get; }

    /// <summary>Whether it is about commands of a shell.</summary>
    internal bool IsOfCommands => _kind == AccessKind.Execute;

    /// <summary>The commands that it means; null for all, where it is about commands.</summary>
    internal CommandPattern? Commands { get; }

    /// <summary>Reads a rule.</summary>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static PermissionRule Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string trimmed = text.Trim();
        int open = trimmed.IndexOf('(');
        string name = open < 0 ? trimmed : trimmed[..open];
        if (name.Length == 0 || name.Any(one => !char.IsAsciiLetterOrDigit(one) && one is not ('_' or '-' or '*')))
            throw new FormatException($"The permission rule \"{text}\" does not begin with the name of a tool, such as Bash or Edit.");

        if (open >= 0 && !trimmed.EndsWith(')'))
            throw new FormatException($"The permission rule \"{text}\" has a bracket that is not closed at its end.");

        try
        {
            return new PermissionRule(text, name, open < 0 ? null : trimmed[(open + 1)..^1].Trim());
        }
        catch (FormatException wrong)
        {
            throw new FormatException($"The permission rule \"{text}\" cannot be: {wrong.Message}", wrong);
        }
    }

    /// <summary>Whether it certainly means a call; of commands it is asked one by one.</summary>
    internal bool Permits(AgentTool tool, ToolAccess access, Workspace? workspace) => IsOf(tool, access)
        && (_paths is null
            || (workspace is not null && access.Paths.Count > 0 && access.Paths.All(path => _paths.Permits(path, workspace))))
        && (_domain is null || IsInDomain(access.Url!.Host));

    /// <summary>Whether it may mean a call.</summary>
    internal bool Forbids(AgentTool tool, ToolAccess access, Workspace? workspace) => IsOf(tool, access)
        && (_paths is null || workspace is null || access.Paths.Any(path => _paths.Forbids(path, workspace)))
        && (_domain is null || IsInDomain(access.Url!.Host));

    /// <summary>Whether it forbids a file that a command would touch.</summary>
    internal bool Forbids(AccessKind kind, string path, Workspace workspace) =>
        _kind == kind && (_paths?.Forbids(path, workspace) ?? false);

    /// <summary>Whether it certainly means a file that a command would write.</summary>
    internal bool Permits(AccessKind kind, string path, Workspace workspace) => _kind == kind && (_paths?.Permits(path, workspace) ?? true);

    // What is no command of a shell, and no address, is meant by the tool's name alone.
    private bool IsOf(AgentTool tool, ToolAccess access) => _isTool(tool) && (_kind is null || _kind == access.Kind) && _kind switch
    {
        AccessKind.Execute => access.Command is not null,
        AccessKind.Network => access.Url is not null,
        _ => true,
    };

    private bool IsInDomain(string host) => host.Equals(_domain, StringComparison.OrdinalIgnoreCase)
        || host.EndsWith("." + _domain, StringComparison.OrdinalIgnoreCase);

    private static string Domain(string text, string meant) => meant.StartsWith("domain:", StringComparison.Ordinal) && meant.Length > 7
        ? meant[7..].TrimStart('*').TrimStart('.')
        : throw new FormatException($"\"{text}\" must name a domain, as in WebFetch(domain:example.com)");
}
