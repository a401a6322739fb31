using QwenSharp.Agent.Permissions.Shell;

namespace QwenSharp.Agent.Permissions.Commands;

/// <summary>A command with what it does at most.</summary>
/// <param name="Command">The command.</param>
/// <param name="Effect">What it does.</param>
/// <param name="Reads">The files that it may read, links followed, as far as they are known.</param>
/// <param name="Writes">The files that it may write.</param>
/// <param name="Reason">Why its effect is not a lesser one, as a sentence.</param>
internal sealed record JudgedCommand(
    SimpleCommand Command, Effect Effect, IReadOnlyList<string> Reads, IReadOnlyList<string> Writes, string Reason)
{
    /// <summary>Whether it writes a file by a redirection, apart from what its program does.</summary>
    public bool Redirects => Command.Redirections.Any(one => one.Writes);

    /// <summary>
    /// Whether its effect would be the same without knowing its program: it sets variables or writes to what is not known.
    /// </summary>
    public bool IsUnsafeAround { get; init; }
}
