using QwenSharp.Agent.Sandboxes;
using QwenSharp.Agent.Tools.Planning;
using QwenSharp.Agent.Tools.Shell;
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

    /// <summary>What commands run in; null for nothing, so that they are as free as the agent itself.</summary>
    public Sandbox? Sandbox { get; set; }

    /// <summary>The types of files that the model sees, such as <c>image/png</c>, or <c>image/*</c>; others are told in words.</summary>
    public IReadOnlyList<string> SeenTypes { get; init; } = [];

    /// <summary>The steps that the model has set itself.</summary>
    public IReadOnlyList<TodoItem> Todos { get; internal set; } = [];

    /// <summary>
    /// Puts questions to the person and gives the answers, one for each; null where they will not answer. Null where nobody is there.
    /// </summary>
    public Func<IReadOnlyList<UserQuestion>, CancellationToken, Task<IReadOnlyList<string>?>>? AskPerson { get; init; }

    /// <summary>
    /// Shows the person a plan; gives whether it may be carried out, in which case the mode is no longer that of planning, and what they
    /// say
    /// to it. Null where nobody is there.
    /// </summary>
    public Func<string, CancellationToken, Task<(bool IsAccepted, string? Remark)>>? AcceptPlan { get; init; }

    /// <summary>Whether the model sees files of a type.</summary>
    internal bool Sees(string type) =>
        SeenTypes.Any(seen => seen is [.. var any, '*'] ? type.StartsWith(any, StringComparison.Ordinal) : seen == type);

    /// <summary>Ends the commands that still run.</summary>
    public async ValueTask DisposeAsync()
    {
        await Background.DisposeAsync().ConfigureAwait(false);
        Sandbox?.CleanUp();
    }
}
