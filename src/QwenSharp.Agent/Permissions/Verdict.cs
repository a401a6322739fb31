namespace QwenSharp.Agent.Permissions;

/// <summary>Whether a call may run.</summary>
public enum Verdict
{
    /// <summary>It may.</summary>
    Allow,

    /// <summary>A person decides.</summary>
    Ask,

    /// <summary>It may not.</summary>
    Deny,
}
