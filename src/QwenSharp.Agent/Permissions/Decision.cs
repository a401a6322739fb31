namespace QwenSharp.Agent.Permissions;

/// <summary>Whether a call may run, and why.</summary>
/// <param name="Verdict">Whether it may.</param>
/// <param name="Reason">Why, in a sentence for the person who is asked and the model that is refused.</param>
public sealed record Decision(Verdict Verdict, string Reason);
