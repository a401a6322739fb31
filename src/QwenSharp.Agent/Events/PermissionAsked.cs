using System.Text.Json;
using QwenSharp.Agent.Tools;

namespace QwenSharp.Agent.Events;

/// <summary>
/// A call waits for a person. Whoever reads the events answers before they ask for the next one; a call that is not answered by then is
/// denied, so that an agent that nobody watches neither waits for ever nor does what nobody allowed.
/// </summary>
/// <param name="CallId">Which call.</param>
/// <param name="Tool">The tool's name.</param>
/// <param name="Arguments">A JSON object.</param>
/// <param name="Access">What the call would touch.</param>
/// <param name="Reason">Why it is asked for.</param>
public sealed record PermissionAsked(string CallId, string Tool, JsonElement Arguments, ToolAccess Access, string Reason) : AgentEvent
{
    private readonly TaskCompletionSource<string?> _refusal = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What the model is told of a call that nobody answered for.</summary>
    internal const string Unanswered = "nobody is there to allow it";

    /// <summary>Why the call may not run; null where it may.</summary>
    internal Task<string?> Refusal => _refusal.Task;

    /// <summary>Lets the call run.</summary>
    public void Allow() => _refusal.TrySetResult(null);

    /// <summary>Does not.</summary>
    /// <param name="reason">Why, for the model; such as what to do instead.</param>
    public void Deny(string reason)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        _refusal.TrySetResult(reason);
    }
}
