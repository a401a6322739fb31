namespace QwenSharp.Agent.Tools;

/// <summary>The ways in which a call touches what is outside the conversation, from the harmless to the dangerous.</summary>
public enum AccessKind
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>It reads files.</summary>
    Read,

    /// <summary>It writes files.</summary>
    Write,

    /// <summary>It runs a command, which may do anything.</summary>
    Execute,

    /// <summary>It asks another machine.</summary>
    Network,
}
