using QwenSharp.Agent.Permissions.Commands;
using QwenSharp.Agent.Tools;
using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Permissions;

/// <summary>
/// Decides whether a call may run: what rules deny and what is protected never, what rules ask for when a person says so, and the rest by
/// the mode and what rules allow. What a model reads has no say in it.
/// </summary>
/// <param name="mode">What may be done without asking.</param>
/// <param name="workspace">The project; without one every file counts as the project's.</param>
/// <param name="rules">The rules of settings.</param>
public sealed class PermissionPolicy(PermissionMode mode, Workspace? workspace = null, PermissionRules? rules = null)
{
    private readonly FilePolicy _files = new(workspace, rules ?? new PermissionRules());

    /// <summary>What may be done without asking. A person changes it; a call never does.</summary>
    public PermissionMode Mode { get; set; } = mode;

    /// <summary>The rules.</summary>
    public PermissionRules Rules => _files.Rules;

    /// <summary>Whether the commands of <see cref="PermissionMode.Auto"/> run in a sandbox, so that they need no asking.</summary>
    public bool IsSandboxed { get; init; }

    /// <summary>
    /// Whether nobody can be asked. In <see cref="PermissionMode.Auto"/> without a sandbox ordinary commands that build, test and commit
    /// then run without asking, as they would otherwise never run; they are as free as whoever started the agent.
    /// </summary>
    public bool IsHeadless { get; init; }

    /// <summary>The decision on a call.</summary>
    /// <param name="tool">The tool that is called.</param>
    /// <param name="access">What the call would touch.</param>
    public Decision Decide(AgentTool tool, ToolAccess access)
    {
        ArgumentNullException.ThrowIfNull(tool);
        ArgumentNullException.ThrowIfNull(access);
        if (Rules.Deny.FirstOrDefault(rule => !IsOfOneCommand(rule, access) && rule.Forbids(tool, access, workspace)) is { } denying)
            return new Decision(Verdict.Deny, $"The rule {denying.Text} denies it.");

        Decision decision = access switch
        {
            { Kind: AccessKind.None } => new Decision(Verdict.Allow, "It touches nothing."),
            { Kind: AccessKind.Execute, Command: { } command } => new CommandPolicy(this, _files, workspace).Decide(command, access),
            { Kind: AccessKind.Read } => _files.DecideRead(access.Paths),
            { Kind: AccessKind.Write } => _files.DecideWrite(Mode, access.Paths),
            _ => Mode == PermissionMode.Plan && access.Kind != AccessKind.Network
                ? new Decision(Verdict.Deny, PlanReason)
                : new Decision(Verdict.Ask, $"{tool.Name} reaches beyond this machine or runs something."),
        };
        if (decision.Verdict == Verdict.Deny)
            return decision;

        if (Rules.Ask.FirstOrDefault(rule => !IsOfOneCommand(rule, access) && rule.Forbids(tool, access, workspace)) is { } asking)
            return new Decision(Verdict.Ask, $"The rule {asking.Text} asks for it.");

        return decision.Verdict == Verdict.Ask && access.Command is null
            && Rules.Allow.FirstOrDefault(rule => rule.Permits(tool, access, workspace)) is { } allowing
            ? new Decision(Verdict.Allow, $"The rule {allowing.Text} allows it.")
            : decision;
    }

    internal const string PlanReason = "Nothing is changed in plan mode: present the plan with exit_plan_mode first.";

    // Rules on commands are asked for each command of a line, not for the line.
    private static bool IsOfOneCommand(PermissionRule rule, ToolAccess access) => access.Command is not null && rule.Commands is not null;
}
