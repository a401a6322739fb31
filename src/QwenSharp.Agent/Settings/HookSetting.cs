using QwenSharp.Agent.Hooks;

namespace QwenSharp.Agent.Settings;

/// <summary>A command that is run at a moment.</summary>
/// <param name="Event">When.</param>
/// <param name="Matcher">For which tools, a regular expression of a whole name; null for all.</param>
/// <param name="Command">What the shell runs.</param>
/// <param name="Timeout">How long it may take.</param>
public sealed record HookSetting(HookEvent Event, string? Matcher, string Command, TimeSpan Timeout);
