using System.Text.Json;
using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Tools.Files;

/// <summary>
/// Applies a patch in Codex's form to any number of files: all of it or nothing. A patch shows that the model knows what it changes, so a
/// file need not have been read.
/// </summary>
public sealed class ApplyPatchTool : AgentTool
{
    /// <inheritdoc/>
    public override string Name => "apply_patch";

    /// <inheritdoc/>
    public override string Description => """
        Applies a patch to files:
        *** Begin Patch
        *** Update File: path
        @@ line above the change, such as a function's
         line that stays
        -line that goes
        +line that comes
        *** Add File: path
        +line
        *** Delete File: path
        *** End Patch
        Three lines that stay around each change. "*** Move to: path" may follow "*** Update File".
        """;

    /// <inheritdoc/>
    public override JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": { "input": { "type": "string", "description": "The patch" } },
          "required": ["input"]
        }
        """);

    /// <inheritdoc/>
    public override ToolAccess AccessOf(ToolArguments arguments, ToolContext context) => FilePaths.Access(
        AccessKind.Write,
        PatchReader.Read(arguments.String("input"))
            .SelectMany(file => file.MovesTo is { } target ? new[] { file.Path, target } : [file.Path])
            .Select(path => FilePaths.Resolved(path, "input", context)));

    /// <inheritdoc/>
    public override Task<ToolResult> RunAsync(ToolArguments arguments, ToolContext context, CancellationToken cancellationToken)
    {
        PatchedFile[] files = [.. PatchReader.Read(arguments.String("input"))];
        if (files.CountBy(file => FilePaths.Resolved(file.Path, "input", context)).FirstOrDefault(one => one.Value > 1).Key is { } twice)
            throw new ToolException($"The patch has {context.Workspace.Shown(twice)} twice: put all of its changes in one place.");

        // Whatever is wrong is found before anything is written.
        (string Told, Func<string> Write)[] changes = [.. files.Select(file => Prepared(file, context))];
        string diff = string.Concat(changes.Select(change => change.Write()));
        return Task.FromResult(new ToolResult(string.Join('\n', changes.Select(change => change.Told))) { Display = diff });
    }

    private static (string Told, Func<string> Write) Prepared(PatchedFile file, ToolContext context)
    {
        string path = FilePaths.Resolved(file.Path, "input", context), shown = context.Workspace.Shown(path);
        if (file.Added is { } text)
        {
            return Path.Exists(path)
                ? throw new ToolException($"{shown} is there already: update it instead of adding it.")
                : ($"Added {shown}.", () => FileChange.Open(path, context).Write(text));
        }

        if (!File.Exists(path))
            throw FilePaths.Missing(path, context.Workspace);

        context.FilesRead.Note(path);
        FileChange change = FileChange.Open(path, context);
        if (file.IsDeleted)
            return ($"Deleted {shown}.", () => Deleted(path, change.Text, shown));

        LineEnds ends = new(change.Text);
        string changed = ends.With(PatchMatch.Apply(ends.Even, file.Hunks, shown));
        if (file.MovesTo is not { } target)
            return ($"Updated {shown}.", () => change.Write(changed));

        string moved = FilePaths.Resolved(target, "input", context), movedShown = context.Workspace.Shown(moved);
        return Path.Exists(moved)
            ? throw new ToolException($"{movedShown} is there already: {shown} cannot be moved to it.")
            : ($"Moved {shown} to {movedShown}.", () => Moved(change, changed, moved, context));
    }

    private static string Deleted(string path, string text, string shown)
    {
        File.Delete(path);
        return UnifiedDiff.Of(shown, text, null);
    }

    private static string Moved(FileChange change, string text, string target, ToolContext context)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        string diff = change.Write(text);
        File.Move(change.Path, target);
        context.FilesRead.Note(target);
        return $"{diff}rename from {context.Workspace.Shown(change.Path)}\nrename to {context.Workspace.Shown(target)}\n";
    }
}
