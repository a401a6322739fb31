using System.Collections.Concurrent;
using System.Text.Json;
using QwenSharp.Agent.Search;
using QwenSharp.Agent.Tools.Files;

namespace QwenSharp.Agent.Tools.Searching;

/// <summary>Finds files by the pattern of their paths, those first that were written last.</summary>
public sealed class GlobTool : AgentTool
{
    private const int MostFiles = 100;

    /// <inheritdoc/>
    public override string Name => "glob";

    /// <inheritdoc/>
    public override string Description => "Finds files by a pattern such as **/*.cs, the newest first; ignored files are left out.";

    /// <inheritdoc/>
    public override JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "pattern": { "type": "string", "description": "Pattern of paths" },
            "path": { "type": "string", "description": "Directory to look in" }
          },
          "required": ["pattern"]
        }
        """);

    /// <inheritdoc/>
    public override ToolAccess AccessOf(ToolArguments arguments, ToolContext context) =>
        FilePaths.Access(AccessKind.Read, Where(arguments, context).Directory);

    /// <inheritdoc/>
    public override async Task<ToolResult> RunAsync(ToolArguments arguments, ToolContext context, CancellationToken cancellationToken)
    {
        (string directory, string pattern) = Where(arguments, context);
        if (!Directory.Exists(directory))
            throw FilePaths.Missing(directory, context.Workspace);

        PathFilter filter = PathFilter.Of(pattern, directory) ?? throw new ToolException("\"pattern\" is empty.");
        ConcurrentBag<(string Path, DateTime Written)> found = [];
        IgnoreRules? rules = IgnoreRules.Above(directory, context.Workspace.Root);
        await FileWalk.VisitAsync(directory, rules, true, () => Add, cancellationToken).ConfigureAwait(false);
        if (found.IsEmpty)
            return new ToolResult("No file matches.");

        IEnumerable<string> newest = found.OrderByDescending(file => file.Written).ThenBy(file => file.Path, StringComparer.Ordinal)
            .Select(file => context.Workspace.Shown(file.Path));
        string more = found.Count > MostFiles ? $"\n[the newest {MostFiles} of {found.Count}]" : "";
        return new ToolResult(string.Join('\n', newest.Take(MostFiles)) + more) { Display = $"{found.Count} files" };

        void Add(string path)
        {
            if (filter.IsMatch(path))
                found.Add((path, File.GetLastWriteTimeUtc(path)));
        }
    }

    // Models give whole paths as patterns; the names before the first sign are then the directory.
    private static (string Directory, string Pattern) Where(ToolArguments arguments, ToolContext context)
    {
        string pattern = arguments.String("pattern"), directory = arguments.DirectoryPath("path", context);
        if (!Path.IsPathRooted(pattern) && !pattern.StartsWith("..", StringComparison.Ordinal) && !pattern.StartsWith('~'))
            return (directory, pattern);

        int special = pattern.AsSpan().IndexOfAny("*?[{");
        int slash = special < 0 ? pattern.LastIndexOf('/') : pattern.LastIndexOf('/', special);
        return (FilePaths.Resolved(pattern[..Math.Max(slash, 1)], "pattern", context), pattern[(slash + 1)..]);
    }
}
