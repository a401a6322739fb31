using System.Text.Json;
using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Tools.Files;

/// <summary>Writes a whole file: a new one, or one that the model has read.</summary>
public sealed class WriteFileTool : AgentTool
{
    /// <inheritdoc/>
    public override string Name => "write_file";

    /// <inheritdoc/>
    public override string Description =>
        "Writes a whole file; directories are made. An existing file must have been read first. Prefer edit for changes.";

    /// <inheritdoc/>
    public override JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "file_path": { "type": "string", "description": "Path of the file" },
            "content": { "type": "string", "description": "All of the new text" }
          },
          "required": ["file_path", "content"]
        }
        """);

    /// <inheritdoc/>
    public override ToolAccess AccessOf(ToolArguments arguments, ToolContext context) =>
        FilePaths.Access(AccessKind.Write, arguments.Path("file_path", context));

    /// <inheritdoc/>
    public override Task<ToolResult> RunAsync(ToolArguments arguments, ToolContext context, CancellationToken cancellationToken)
    {
        FileChange change = FileChange.Open(arguments.Path("file_path", context), context);
        string text = arguments.String("content");
        string diff = change.Write(change.Exists ? new LineEnds(change.Text).With(text) : text);
        int lines = text.AsSpan().Count('\n') + (text is [.., '\n'] or "" ? 0 : 1);
        return Task.FromResult(new ToolResult(
            $"{(change.Exists ? "Replaced" : "Created")} {context.Workspace.Shown(change.Path)}, {lines} lines."
            + (change.Exists && diff.Length == 0 ? " It is what it was." : ""))
        {
            Display = diff,
        });
    }
}
