using System.Text.Json;
using QwenSharp.Agent.Tools.Files;
using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Tools.Planning;

/// <summary>Writes a fact into the project's memory file, which is read at the beginning of every session.</summary>
public sealed class SaveMemoryTool : AgentTool
{
    private const string Heading = "## Remembered";

    // The first that a project has; one that has none gets the first.
    private static readonly string[] Files = ["QWEN.md", "AGENTS.md", "CLAUDE.md"];

    /// <inheritdoc/>
    public override string Name => "save_memory";

    /// <inheritdoc/>
    public override string Description =>
        "Remembers a fact about this project or the person's wishes for later sessions, when they ask you to.";

    /// <inheritdoc/>
    public override JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": { "fact": { "type": "string", "description": "One sentence that stands alone" } },
          "required": ["fact"]
        }
        """);

    /// <inheritdoc/>
    public override ToolAccess AccessOf(ToolArguments arguments, ToolContext context) =>
        FilePaths.Access(AccessKind.Write, PathIn(context));

    /// <inheritdoc/>
    public override Task<ToolResult> RunAsync(ToolArguments arguments, ToolContext context, CancellationToken cancellationToken)
    {
        string path = PathIn(context), shown = context.Workspace.Shown(path);

        // A fact is one line: it cannot make headings or imports.
        string[] words = arguments.String("fact").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        string fact = string.Join(' ', words).TrimStart('-', '#', '@', ' ');
        if (fact.Length == 0)
            throw new ToolException("\"fact\" is empty.");

        // Nothing of the file is lost, so that it need not have been read.
        if (File.Exists(path))
            context.FilesRead.Note(path);

        FileChange change = FileChange.Open(path, context);
        LineEnds ends = new(change.Text);
        string diff = change.Write(ends.With(With(ends.Even, fact)));
        return Task.FromResult(new ToolResult($"Remembered in {shown}.") { Display = diff });
    }

    private static string PathIn(ToolContext context) => context.Workspace.Resolve(
        Files.FirstOrDefault(file => File.Exists(Path.Join(context.Workspace.Root, file))) ?? Files[0]);

    private static string With(string text, string fact)
    {
        int heading = text.IndexOf(Heading, StringComparison.Ordinal);
        if (heading < 0)
            return $"{(text.Length == 0 ? "" : text.TrimEnd('\n') + "\n\n")}{Heading}\n\n- {fact}\n";

        int next = text.IndexOf("\n#", heading + Heading.Length, StringComparison.Ordinal);
        string above = (next < 0 ? text : text[..next]).TrimEnd('\n');
        return $"{above}\n- {fact}\n{(next < 0 ? "" : text[next..])}";
    }
}
