using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using QwenSharp.Agent.Search;
using QwenSharp.Agent.Tools.Files;

namespace QwenSharp.Agent.Tools.Searching;

/// <summary>Searches the lines of files by a regular expression.</summary>
public sealed class GrepSearchTool : AgentTool
{
    private const int UsualLines = 100;
    private const int MostLines = 2000;
    private const int MostLinesOfFile = 200;

    /// <inheritdoc/>
    public override string Name => "grep_search";

    /// <inheritdoc/>
    public override string Description =>
        "Searches file contents by a regular expression, line by line; ignored and binary files are left out. "
        + "A pattern without capital letters matches either case.";

    /// <inheritdoc/>
    public override JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "pattern": { "type": "string", "description": "Regular expression" },
            "glob": { "type": "string", "description": "Only files like this, as in *.cs or src/**/*.{ts,tsx}" },
            "path": { "type": "string", "description": "File or directory to search" },
            "limit": { "type": "number", "description": "Lines to show at most" }
          },
          "required": ["pattern"]
        }
        """);

    /// <inheritdoc/>
    public override ToolAccess AccessOf(ToolArguments arguments, ToolContext context) =>
        FilePaths.Access(AccessKind.Read, arguments.DirectoryPath("path", context));

    /// <inheritdoc/>
    public override async Task<ToolResult> RunAsync(ToolArguments arguments, ToolContext context, CancellationToken cancellationToken)
    {
        string written = arguments.String("pattern"), path = arguments.DirectoryPath("path", context);
        int limit = Math.Clamp(arguments.OptionalInteger("limit") ?? UsualLines, 1, MostLines);
        SearchPattern pattern = Pattern(written);
        PathFilter? filter = PathFilter.Of(arguments.OptionalString("glob"), path);
        if (!Path.Exists(path))
            throw FilePaths.Missing(path, context.Workspace);

        ConcurrentBag<(string Path, List<FoundLine> Lines)> found = [];
        int binary = 0;
        try
        {
            if (File.Exists(path))
                Visitor()(path);
            else
                await FileWalk.VisitAsync(path, Rules(), true, Visitor, cancellationToken).ConfigureAwait(false);
        }
        catch (RegexMatchTimeoutException)
        {
            throw new ToolException($"\"{written}\" takes too long on some lines. Write it more simply.");
        }

        return new ToolResult(Told(found, binary, limit, context))
        {
            Display = $"{found.Sum(file => file.Lines.Count)} lines in {found.Count} files",
        };

        IgnoreRules? Rules() => IgnoreRules.Above(path, context.Workspace.Root);

        Action<string> Visitor()
        {
            FileSearch search = new(pattern);
            return file =>
            {
                if (filter?.IsMatch(file) == false)
                    return;

                try
                {
                    if (search.Search(file, MostLinesOfFile) is not { } lines)
                        Interlocked.Increment(ref binary);
                    else if (lines.Count > 0)
                        found.Add((file, lines));
                }
                catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
                {
                    // What is gone by now, or may not be read, has no lines.
                }
            };
        }
    }

    private static SearchPattern Pattern(string pattern)
    {
        if (pattern.Length == 0 || pattern.Contains('\n'))
            throw new ToolException("\"pattern\" must be a regular expression that matches within one line.");

        try
        {
            return new SearchPattern(pattern);
        }
        catch (RegexParseException wrong)
        {
            throw new ToolException(
                $"\"pattern\" is no regular expression: {wrong.Message} To search for it to the letter, put a backslash before the signs.");
        }
    }

    private static string Told(IReadOnlyCollection<(string Path, List<FoundLine> Lines)> found, int binary, int limit, ToolContext context)
    {
        if (found.Count == 0)
            return binary == 0 ? "No line matches." : $"No line matches; {binary} binary files were left out.";

        StringBuilder told = new();
        int shown = 0, total = found.Sum(file => file.Lines.Count);
        foreach ((string path, List<FoundLine> lines) in found.OrderBy(file => file.Path, StringComparer.Ordinal))
        {
            if (shown == limit)
                break;

            told.Append(context.Workspace.Shown(path)).Append('\n');
            foreach (FoundLine line in lines.Take(limit - shown))
                told.Append(line.Number).Append(": ").Append(line.Text).Append('\n');

            shown += Math.Min(lines.Count, limit - shown);
            if (lines.Count == MostLinesOfFile)
                told.Append("[and perhaps more in this file]\n");
        }

        if (shown < total)
            told.Append($"[{shown} of {total} lines. Make the pattern or path narrower, or the limit larger.]");

        return told.ToString();
    }
}
