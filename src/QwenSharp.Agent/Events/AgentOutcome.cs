namespace QwenSharp.Agent.Events;

/// <summary>How the work on a prompt ended.</summary>
public enum AgentOutcome
{
    /// <summary>The model answered and had nothing more to do.</summary>
    Answered,

    /// <summary>It used up the turns that it may take.</summary>
    TurnLimit,

    /// <summary>It made the same call over and over, with the same result.</summary>
    Repeating,

    /// <summary>The model could not be asked.</summary>
    Failed,

    /// <summary>A hook did not let the prompt pass.</summary>
    Blocked,
}
