using Microsoft.Extensions.AI;
using QwenSharp.Agent.Events;

namespace QwenSharp.Cli.Code.Faces;

/// <summary>The work on a prompt, when it has ended.</summary>
/// <param name="Done">How it ended.</param>
/// <param name="Took">From the prompt to the end.</param>
/// <param name="Denials">The calls that were not permitted.</param>
internal sealed record RunResult(AgentDone Done, TimeSpan Took, IReadOnlyList<CallDenied> Denials)
{
    /// <summary>Whether what was asked for was not answered.</summary>
    public bool IsError => Done.Outcome != AgentOutcome.Answered;

    /// <summary>The program's exit code.</summary>
    public int Code => IsError ? ExitCode.Failure : ExitCode.Ok;

    /// <summary>The tokens of all requests.</summary>
    public UsageDetails Usage => Done.Usage;
}
