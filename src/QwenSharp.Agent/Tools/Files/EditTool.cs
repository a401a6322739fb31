using System.Text.Json;
using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Tools.Files;

/// <summary>
/// Replaces a text in a file: where it is to the letter; else in the one place where it is but for white space and quotes, which the model
/// is then told; else nowhere, and the model sees the places that are nearest.
/// </summary>
public sealed class EditTool : AgentTool
{
    /// <inheritdoc/>
    public override string Name => "edit";

    /// <inheritdoc/>
    public override string Description =>
        "Replaces old_string by new_string in a file that you have read. old_string must be in the file once, with its indentation and "
        + "without line numbers: take in a few lines around the change. An empty old_string makes a new file.";

    /// <inheritdoc/>
    public override JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "file_path": { "type": "string", "description": "Path of the file" },
            "old_string": { "type": "string", "description": "Text that is in the file" },
            "new_string": { "type": "string", "description": "Text in its place" },
            "replace_all": { "type": "boolean", "description": "Replace it wherever it is" }
          },
          "required": ["file_path", "old_string", "new_string"]
        }
        """);

    /// <inheritdoc/>
    public override ToolAccess AccessOf(ToolArguments arguments, ToolContext context) =>
        FilePaths.Access(AccessKind.Write, arguments.Path("file_path", context));

    /// <inheritdoc/>
    public override Task<ToolResult> RunAsync(ToolArguments arguments, ToolContext context, CancellationToken cancellationToken)
    {
        string path = arguments.Path("file_path", context), shown = context.Workspace.Shown(path);
        string old = Even(arguments.String("old_string")), @new = Even(arguments.String("new_string"));
        bool replacesAll = arguments.OptionalBoolean("replace_all") ?? false;
        if (old.Length > 0 && !File.Exists(path) && !Directory.Exists(path))
            throw FilePaths.Missing(path, context.Workspace);

        FileChange change = FileChange.Open(path, context);
        if (old.Length == 0)
            return Task.FromResult(Created(change, @new, shown));

        if (old == @new)
            throw new ToolException("old_string and new_string are the same: there is nothing to change.");

        LineEnds ends = new(change.Text);
        IReadOnlyList<int> places = Places(ends.Even, old);
        if (places.Count > 1 && !replacesAll)
        {
            string lines = string.Join(", ", places.Select(at => Line(ends.Even, at)));
            throw new ToolException(
                $"old_string is in {shown} {places.Count} times, in the lines {lines}. "
                + "Take in more lines around the one that you mean, or set replace_all.");
        }

        if (places.Count > 0)
        {
            string diff = change.Write(ends.Replace(places.Select(at => (at, old.Length)), @new));
            string where = places.Count == 1 ? $"at line {Line(ends.Even, places[0])}" : $"in {places.Count} places";
            return Task.FromResult(new ToolResult($"Edited {shown} {where}.") { Display = diff });
        }

        LooseMatch loose = LooseMatch.Find(ends.Even, old, @new)
            ?? throw new ToolException($"old_string is not in {shown}. {NearPlaces.Describe(ends.Even, old)}");
        string made = change.Write(ends.Replace([(loose.Start, loose.Length)], loose.Replacement));
        return Task.FromResult(new ToolResult(
            $"Edited {shown} at line {Line(ends.Even, loose.Start)}. "
            + $"old_string was there only up to white space and quotes; this was done:\n{made}")
        {
            Display = made,
        });
    }

    private static ToolResult Created(FileChange change, string text, string shown) => change is { Exists: true, Text.Length: > 0 }
        ? throw new ToolException($"{shown} is there and has text: give the old_string that is to be replaced.")
        : new ToolResult($"Created {shown}.") { Display = change.Write(text) };

    private static List<int> Places(string text, string old)
    {
        List<int> places = [];
        for (int at = 0; (at = text.IndexOf(old, at, StringComparison.Ordinal)) >= 0; at += old.Length)
            places.Add(at);

        return places;
    }

    private static int Line(string text, int at) => text.AsSpan(0, at).Count('\n') + 1;

    private static string Even(string text) => text.Replace("\r\n", "\n", StringComparison.Ordinal);
}
