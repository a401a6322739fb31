using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Tools;

/// <summary>What the calls of a session work in.</summary>
/// <param name="workspace">The project.</param>
/// <param name="sessionDirectory">The session's own directory, for what is too long for the conversation. It is made when needed.</param>
public sealed class ToolContext(Workspace workspace, string sessionDirectory) : IAsyncDisposable
{
    /// <summary>The project.</summary>
    public Workspace Workspace { get; } = workspace;

    /// <summary>The session's own directory.</summary>
    public string SessionDirectory { get; } = Path.GetFullPath(sessionDirectory);

    /// <summary>Where the whole of a long output is kept.</summary>
    public LongOutputs LongOutputs { get; } = new(Path.Combine(sessionDirectory, "outputs"));

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Variables of the environment of commands, beside those of the program.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The files that the model has seen, and as they were then.</summary>
    public FilesRead FilesRead { get; } = new();

    /// <summary>The commands that run in the background.</summary>
    public BackgroundCommands Background { get; } = new();

    /// <summary>Ends the commands that still run.</summary>
    public ValueTask DisposeAsync() => Background.DisposeAsync();
}
