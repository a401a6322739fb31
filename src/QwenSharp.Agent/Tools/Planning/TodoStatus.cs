namespace QwenSharp.Agent.Tools.Planning;

/// <summary>How far a step is.</summary>
public enum TodoStatus
{
    /// <summary>Not begun.</summary>
    Pending,

    /// <summary>Begun.</summary>
    InProgress,

    /// <summary>Done.</summary>
    Completed,
}
