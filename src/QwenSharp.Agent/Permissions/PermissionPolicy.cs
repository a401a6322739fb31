using QwenSharp.Agent.Tools;

namespace QwenSharp.Agent.Permissions;

/// <summary>Decides whether a call may run.</summary>
/// <param name="mode">What may be done without asking.</param>
public sealed class PermissionPolicy(PermissionMode mode)
{
    /// <summary>The decision on a call.</summary>
    /// <param name="tool">The tool that is called.</param>
    /// <param name="access">What the call would touch.</param>
    public Decision Decide(AgentTool tool, ToolAccess access)
    {
        ArgumentNullException.ThrowIfNull(tool);
        ArgumentNullException.ThrowIfNull(access);
        return (mode, access.Kind) switch
        {
            (_, AccessKind.None or AccessKind.Read) => new Decision(Verdict.Allow, "It only reads."),
            (PermissionMode.Plan, _) => new Decision(Verdict.Deny, "Nothing is changed in plan mode."),
            (PermissionMode.Auto, _) => new Decision(Verdict.Allow, "Auto mode allows it."),
            (PermissionMode.AcceptEdits, AccessKind.Write) => new Decision(Verdict.Allow, "Edits are accepted."),
            _ => new Decision(Verdict.Ask, $"{tool.Name} needs permission."),
        };
    }
}
