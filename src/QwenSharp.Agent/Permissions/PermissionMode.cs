namespace QwenSharp.Agent.Permissions;

/// <summary>What an agent may do without asking.</summary>
public enum PermissionMode
{
    /// <summary>Read and think; nothing is changed.</summary>
    Plan,

    /// <summary>Read; writing and running are asked for.</summary>
    Ask,

    /// <summary>Read and write files of the project; running is asked for.</summary>
    AcceptEdits,

    /// <summary>Whatever the rules do not forbid, inside the project.</summary>
    Auto,
}
