using QwenSharp.Agent.Permissions.Commands;
using QwenSharp.Agent.Permissions.Shell;
using QwenSharp.Agent.Tools;
using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Permissions;

/// <summary>Decides on command lines: every command in one must be allowed, and what cannot be read for sure is asked for.</summary>
/// <param name="policy">The mode and what else holds.</param>
/// <param name="files">The decisions on files.</param>
/// <param name="workspace">The project; null where every file counts as the project's.</param>
internal sealed class CommandPolicy(PermissionPolicy policy, FilePolicy files, Workspace? workspace)
{
    /// <summary>The decision on a command line.</summary>
    /// <param name="command">The line.</param>
    /// <param name="access">Its first path is where it starts.</param>
    public Decision Decide(string command, ToolAccess access)
    {
        Workspace project = workspace ?? new Workspace(Path.GetPathRoot(Environment.CurrentDirectory)!);
        string directory = access.Paths is [var first, ..] ? first : project.Root;
        CommandReading reading = CommandReading.Of(command);
        IReadOnlyList<JudgedCommand> judged = new CommandJudge(project).Judge(reading.Commands, directory);
        if (Denial(judged) is { } denial)
            return new Decision(Verdict.Deny, denial);

        bool isPlan = policy.Mode == PermissionMode.Plan;
        if (reading.Unclear is { } unclear)
            return new Decision(isPlan ? Verdict.Deny : Verdict.Ask, $"The command {unclear}.");

        foreach (JudgedCommand one in judged)
        {
            if (isPlan ? !OnlyReads(one, project) : Rule(policy.Rules.Ask, one.Command) is not null)
            {
                return isPlan
                    ? new Decision(Verdict.Deny, PermissionPolicy.PlanReason)
                    : new Decision(Verdict.Ask, $"The rule {Rule(policy.Rules.Ask, one.Command)!.Text} asks for it.");
            }
        }

        if (!project.Contains(directory) && !(policy.Mode == PermissionMode.Auto && policy.IsSandboxed))
            return new Decision(Verdict.Ask, $"{directory} is outside the project.");

        string? objection = judged.Select(one => Objection(one, project)).FirstOrDefault(reason => reason is not null);
        return objection is null
            ? new Decision(Verdict.Allow, "Every command in it is allowed.")
            : new Decision(Verdict.Ask, objection);
    }

    private string? Denial(IReadOnlyList<JudgedCommand> judged) => judged
        .Select(one => Rule(policy.Rules.Deny, one.Command) is { } rule ? $"The rule {rule.Text} denies it."
            : one.Writes.Select(path => files.Denial(AccessKind.Write, path))
                .Concat(one.Reads.Select(path => files.Denial(AccessKind.Read, path)))
                .FirstOrDefault(reason => reason is not null))
        .FirstOrDefault(reason => reason is not null);

    private static PermissionRule? Rule(IEnumerable<PermissionRule> rules, SimpleCommand command) =>
        rules.FirstOrDefault(rule => rule.IsOfCommands && rule.Commands?.Forbids(command) == true);

    // Why a person must say so; null where the command may run.
    private string? Objection(JudgedCommand one, Workspace project)
    {
        bool isRuled = policy.Rules.Allow.Any(rule => rule.IsOfCommands && (rule.Commands?.Permits(one.Command) ?? true));
        if (!isRuled && Wrappers.Possible(one.Command).Select(Risk).FirstOrDefault(risk => risk is not null) is { } risk)
            return risk;

        bool isAuto = policy.Mode == PermissionMode.Auto;
        if (isAuto && policy.IsSandboxed)
            return null;

        string? written = isRuled || one.Effect is Effect.Writes || one.Redirects
            ? one.Writes.Select(path => Unwritable(path, project)).FirstOrDefault(reason => reason is not null)
            : null;
        if (written is not null)
            return written;

        if (isRuled && !one.IsUnsafeAround)
            return null;

        if (OutsideRead(one, project) is { } outside)
            return $"{outside} is outside the project.";

        return one.Effect switch
        {
            Effect.Reads => null,
            Effect.Writes when policy.Mode != PermissionMode.Ask => null,
            Effect.Works when isAuto && policy.IsHeadless => null,
            Effect.Works or Effect.Unknown when isAuto => $"{one.Reason} There is no sandbox to run it in.",
            _ => one.Reason,
        };
    }

    private static string? Risk(SimpleCommand command) => command.Program == "git" ? GitCommands.Risk(command.Words) : null;

    private string? Unwritable(string path, Workspace project) =>
        policy.Rules.Allow.Any(rule => rule.Permits(AccessKind.Write, path, project)) ? null
        : !project.Contains(path) ? $"{path} is outside the project."
        : path == project.Root ? "It changes the project's directory as a whole."
        : policy.Mode == PermissionMode.Ask ? $"It writes {project.Shown(path)}."
        : null;

    private static bool OnlyReads(JudgedCommand one, Workspace project) =>
        one.Effect == Effect.Reads && one.Writes.Count == 0 && OutsideRead(one, project) is null;

    // What does not exist says nothing; for what runs code the name alone counts.
    private static string? OutsideRead(JudgedCommand one, Workspace project) =>
        one.Reads.FirstOrDefault(path => !project.MayRead(path) && (one.Effect != Effect.Reads || Path.Exists(path)));
}
