namespace QwenSharp.Agent.Permissions.Commands;

/// <summary>What a command does at most, from the harmless to the unknown.</summary>
internal enum Effect
{
    /// <summary>It reads files.</summary>
    Reads,

    /// <summary>It writes the files that it names.</summary>
    Writes,

    /// <summary>It builds, tests or runs the project's own code, or keeps its history: ordinary work, which may do anything.</summary>
    Works,

    /// <summary>Nobody knows.</summary>
    Unknown,
}
