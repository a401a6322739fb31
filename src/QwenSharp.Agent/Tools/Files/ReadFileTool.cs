using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Tools.Files;

/// <summary>Reads a file: text with the numbers of its lines, images and PDFs as the model sees them.</summary>
public sealed class ReadFileTool : AgentTool
{
    private const int UsualLines = 2000;
    private const int MostLineCharacters = 2000;
    private const long MostBytes = 1 << 28;
    private const long MostShownBytes = 20 << 20;

    /// <inheritdoc/>
    public override string Name => "read_file";

    /// <inheritdoc/>
    public override string Description =>
        "Reads a file. Each line comes as its number, a tab and the text. Long files come in parts: go on with offset. "
        + "Images and PDFs are shown if you can see them.";

    /// <inheritdoc/>
    public override JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "file_path": { "type": "string", "description": "Path of the file" },
            "offset": { "type": "number", "description": "Lines to skip" },
            "limit": { "type": "number", "description": "Lines to read at most" },
            "pages": { "type": "string", "description": "Pages of a PDF, as in 1-5" }
          },
          "required": ["file_path"]
        }
        """);

    /// <inheritdoc/>
    public override ToolAccess AccessOf(ToolArguments arguments, ToolContext context) =>
        FilePaths.Access(AccessKind.Read, arguments.Path("file_path", context));

    /// <inheritdoc/>
    public override async Task<ToolResult> RunAsync(ToolArguments arguments, ToolContext context, CancellationToken cancellationToken)
    {
        string path = arguments.Path("file_path", context);
        string shown = context.Workspace.Shown(path);
        int offset = arguments.OptionalInteger("offset") ?? 0, limit = arguments.OptionalInteger("limit") ?? UsualLines;
        if (offset < 0 || limit < 1)
            throw new ToolException("\"offset\" must be 0 or more, and \"limit\" 1 or more.");

        if (Directory.Exists(path))
            throw new ToolException($"{shown} is a directory. List it with list_directory.");

        if (!File.Exists(path))
            throw FilePaths.Missing(path, context.Workspace);

        if (new FileInfo(path).Length > MostBytes)
            throw new ToolException($"{shown} is larger than 256 MiB. Look into it with grep_search, or with head and tail.");

        byte[] bytes = await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false);
        string? pages = arguments.OptionalString("pages");
        if (FileType.Of(bytes) is { } type)
            return await OfTypeAsync(type, path, bytes, pages, context, cancellationToken).ConfigureAwait(false);

        if (pages is not null)
            throw new ToolException($"\"pages\" is for PDFs, and {shown} is none. Use offset and limit.");

        if (TextFile.Of(bytes) is not { } text)
            return new ToolResult($"{shown} is a binary file of {bytes.Length} bytes: it is not shown.");

        context.FilesRead.Note(path);
        return new ToolResult(Numbered(text.Text, offset, limit, context.LongOutputs.MostCharacters - MostLineCharacters - 200))
        {
            Display = $"Read {shown}",
        };
    }

    private static string Numbered(string text, int offset, int limit, int mostCharacters)
    {
        if (text.Length == 0)
            return "(The file is empty.)";

        // What ends with a line end has no line behind it.
        string[] lines = (text[^1] == '\n' ? text[..^1] : text).Split('\n');
        if (offset >= lines.Length)
            throw new ToolException($"The file has {lines.Length} lines, so that none is left behind the first {offset}.");

        StringBuilder shown = new();
        int last = offset;
        for (; last < Math.Min((long)offset + limit, lines.Length) && (last == offset || shown.Length < mostCharacters); last++)
        {
            ReadOnlySpan<char> line = lines[last].AsSpan().TrimEnd('\r');
            shown.Append(last + 1).Append('\t').Append(line[..Math.Min(line.Length, MostLineCharacters)]);
            shown.Append(line.Length > MostLineCharacters ? $"… [{line.Length - MostLineCharacters} characters more]\n" : "\n");
        }

        return last < lines.Length ? $"{shown}[Lines {offset + 1} to {last} of {lines.Length}. For more: offset {last}]" : shown.ToString();
    }

    private static async Task<ToolResult> OfTypeAsync(
        FileType type, string path, byte[] bytes, string? pages, ToolContext context, CancellationToken cancellationToken)
    {
        string shown = context.Workspace.Shown(path), what = $"{shown} is {type.Name}, {bytes.Length} bytes";
        bool isPdf = type.MediaType == "application/pdf";
        if (pages is not null && !isPdf)
            throw new ToolException($"\"pages\" is for PDFs, and {shown} is {type.Name}.");

        if (type.MediaType is { } media && context.Sees(media) && pages is null && bytes.Length <= MostShownBytes)
            return new ToolResult($"{what}:") { Parts = [new DataContent(bytes, media)], Display = what };

        if (isPdf)
            return new ToolResult(await PdfText.ReadAsync(path, pages, cancellationToken).ConfigureAwait(false)) { Display = what };

        return new ToolResult(type.MediaType is null ? $"{what}: it is not shown." : $"{what}. You cannot see it.");
    }
}
