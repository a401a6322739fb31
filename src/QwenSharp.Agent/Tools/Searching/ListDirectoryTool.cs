using System.Text;
using System.Text.Json;
using QwenSharp.Agent.Search;
using QwenSharp.Agent.Tools.Files;

namespace QwenSharp.Agent.Tools.Searching;

/// <summary>Lists a directory.</summary>
public sealed class ListDirectoryTool : AgentTool
{
    private const int MostEntries = 500;

    /// <inheritdoc/>
    public override string Name => "list_directory";

    /// <inheritdoc/>
    public override string Description => "Lists a directory: directories first, ignored files left out.";

    /// <inheritdoc/>
    public override JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "path": { "type": "string", "description": "Path of the directory" },
            "ignore": { "type": "array", "items": { "type": "string" }, "description": "Patterns of names to leave out" },
            "file_filtering_options": {
              "type": "object",
              "properties": {
                "respect_git_ignore": { "type": "boolean" },
                "respect_qwen_ignore": { "type": "boolean" }
              }
            }
          },
          "required": ["path"]
        }
        """);

    /// <inheritdoc/>
    public override ToolAccess AccessOf(ToolArguments arguments, ToolContext context) =>
        FilePaths.Access(AccessKind.Read, arguments.Path("path", context));

    /// <inheritdoc/>
    public override Task<ToolResult> RunAsync(ToolArguments arguments, ToolContext context, CancellationToken cancellationToken)
    {
        string path = arguments.Path("path", context), shown = context.Workspace.Shown(path);
        if (File.Exists(path))
            throw new ToolException($"{shown} is a file. Read it with read_file.");

        if (!Directory.Exists(path))
            throw FilePaths.Missing(path, context.Workspace);

        PathFilter?[] left = [.. arguments.OptionalStrings("ignore").Select(pattern => PathFilter.Of(pattern, path))];
        bool hasOptions = arguments.TryGet("file_filtering_options", out JsonElement options);
        ToolArguments filtering = hasOptions ? new ToolArguments(options) : new ToolArguments(JsonElement.Parse("{}"));
        bool agents = filtering.OptionalBoolean("respect_qwen_ignore") ?? true;
        bool gits = filtering.OptionalBoolean("respect_git_ignore") ?? true;
        string[] files = [.. IgnoreRules.Files.Where(file => file == ".qwenignore" ? agents : gits)];
        IgnoreRules? rules = IgnoreRules.In(path, IgnoreRules.Above(path, context.Workspace.Root, files), files);
        FileSystemInfo[] all =
            [.. new DirectoryInfo(path).EnumerateFileSystemInfos().Where(entry => left.All(one => one?.IsMatch(entry.FullName) != true))];
        FileSystemInfo[] seen =
            [.. all.Where(entry => rules?.Ignores(entry.FullName, entry is DirectoryInfo) != true)
                .OrderBy(entry => entry is FileInfo)
                .ThenBy(entry => entry.Name, StringComparer.Ordinal)];
        StringBuilder told = new();
        foreach (FileSystemInfo entry in seen.Take(MostEntries))
            told.Append(entry.Name).Append(Kind(entry)).Append('\n');

        if (seen.Length == 0)
            told.Append("(nothing)\n");

        if (seen.Length > MostEntries)
            told.Append($"[the first {MostEntries} of {seen.Length}]\n");

        if (all.Length > seen.Length)
            told.Append($"[{all.Length - seen.Length} ignored]\n");

        return Task.FromResult(new ToolResult(told.ToString()) { Display = $"{seen.Length} entries in {shown}" });
    }

    private static string Kind(FileSystemInfo entry) => entry switch
    {
        { LinkTarget: { } target } => $" -> {target}",
        FileInfo file => $" ({file.Length} bytes)",
        _ => "/",
    };
}
