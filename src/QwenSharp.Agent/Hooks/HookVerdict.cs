using System.Text.Json;
using QwenSharp.Agent.Permissions;

namespace QwenSharp.Agent.Hooks;

/// <summary>What a hook has to say.</summary>
public sealed record HookVerdict
{
    /// <summary>Nothing: things stay as they are.</summary>
    public static HookVerdict None { get; } = new();

    /// <summary>Whether it may happen; null to leave that to the rules.</summary>
    public Verdict? Verdict { get; init; }

    /// <summary>Why, for the person and the model.</summary>
    public string? Reason { get; init; }

    /// <summary>Arguments in place of those of the call, a JSON object; null to leave them.</summary>
    public JsonElement? Arguments { get; init; }

    /// <summary>What the model is told beside; null for nothing.</summary>
    public string? AddedContext { get; init; }

    /// <summary>A denial.</summary>
    public static HookVerdict Deny(string reason) => new() { Verdict = Permissions.Verdict.Deny, Reason = reason };
}
