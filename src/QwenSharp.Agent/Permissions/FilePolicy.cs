using QwenSharp.Agent.Tools;
using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Permissions;

/// <summary>Decides on files.</summary>
/// <param name="workspace">The project; null where every file counts as the project's.</param>
/// <param name="rules">The rules.</param>
internal sealed class FilePolicy(Workspace? workspace, PermissionRules rules)
{
    private readonly ProtectedPaths? _protected = workspace is null ? null : new ProtectedPaths(workspace);

    /// <summary>The rules.</summary>
    public PermissionRules Rules { get; } = rules;

    /// <summary>The decision on reading.</summary>
    public Decision DecideRead(IReadOnlyList<string> paths) =>
        workspace is not null && paths.FirstOrDefault(path => !workspace.MayRead(path)) is { } outside
            ? new Decision(Verdict.Ask, $"{outside} is outside the project.")
            : new Decision(Verdict.Allow, "It only reads.");

    /// <summary>The decision on writing.</summary>
    public Decision DecideWrite(PermissionMode mode, IReadOnlyList<string> paths)
    {
        if (paths.Select(path => _protected?.Reason(path)).FirstOrDefault(reason => reason is not null) is { } reason)
            return new Decision(Verdict.Deny, $"Nothing may write there: {reason}");

        if (mode == PermissionMode.Plan)
            return new Decision(Verdict.Deny, PermissionPolicy.PlanReason);

        if (workspace is not null && paths.FirstOrDefault(path => !workspace.Contains(path)) is { } outside)
            return new Decision(Verdict.Ask, $"{outside} is outside the project.");

        return mode == PermissionMode.Ask
            ? new Decision(Verdict.Ask, "It changes files.")
            : new Decision(Verdict.Allow, "It changes files of the project.");
    }

    /// <summary>Why a file may not be read or written by a command; null where nothing speaks against it.</summary>
    public string? Denial(AccessKind kind, string path)
    {
        if (workspace is null)
            return null;

        if (kind == AccessKind.Write && _protected!.Reason(path) is { } reason)
            return $"Nothing may write there: {reason}";

        PermissionRule? denying = Rules.Deny.FirstOrDefault(rule => rule.Forbids(kind, path, workspace));
        return denying is null ? null : $"The rule {denying.Text} denies it.";
    }
}
