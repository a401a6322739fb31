using System.Text;
using QwenSharp.Agent.Secrets;
using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Tools.Files;

/// <summary>A file that a call is about to change: it must be as the model has seen it, and keeps its encoding.</summary>
internal sealed class FileChange
{
    private readonly TextFile _file;
    private readonly ToolContext _context;

    private FileChange(string path, TextFile file, bool exists, ToolContext context) =>
        (Path, _file, Exists, _context) = (path, file, exists, context);

    /// <summary>Its full path, links followed.</summary>
    public string Path { get; }

    /// <summary>Whether it is there already.</summary>
    public bool Exists { get; }

    /// <summary>Its text as it is; empty where it is not there.</summary>
    public string Text => _file.Text;

    /// <summary>Opens a file for a change.</summary>
    /// <param name="path">Its full path, links followed.</param>
    /// <param name="context">Knows what the model has seen.</param>
    /// <exception cref="ToolException">It is no text, or the model has not seen it as it is.</exception>
    public static FileChange Open(string path, ToolContext context)
    {
        string shown = context.Workspace.Shown(path);
        if (Directory.Exists(path))
            throw new ToolException($"{shown} is a directory.");

        if (!File.Exists(path))
            return new FileChange(path, TextFile.New, exists: false, context);

        if (!context.FilesRead.Has(path))
            throw new ToolException($"You have not read {shown}. Read it with read_file first, so that nothing in it is lost.");

        if (context.FilesRead.HasChanged(path))
            throw new ToolException($"{shown} has changed since you read it. Read it again, then make your change.");

        return TextFile.Of(File.ReadAllBytes(path)) is { } file
            ? new FileChange(path, file, exists: true, context)
            : throw new ToolException($"{shown} is a binary file; it cannot be changed as text.");
    }

    /// <summary>Writes the new text in the place of the old one.</summary>
    /// <returns>The difference, for people.</returns>
    /// <exception cref="ToolException">It cannot be written.</exception>
    public string Write(string text)
    {
        string shown = _context.Workspace.Shown(Path);
        if (text.Contains(SecretMask.Mark, StringComparison.Ordinal) && !Text.Contains(SecretMask.Mark, StringComparison.Ordinal))
        {
            throw new ToolException(
                $"The new text has \"{SecretMask.Mark}\" in it, which stands for a secret that you were not shown. "
                + "Leave that place out of the change.");
        }

        try
        {
            AtomicFile.Write(Path, _file.Encode(text));
        }
        catch (EncoderFallbackException)
        {
            throw new ToolException($"{shown} is encoded as {_file.EncodingName}, which has not every character of the new text.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new ToolException($"{shown} cannot be written: {failure.Message}");
        }

        _context.FilesRead.Note(Path);
        return UnifiedDiff.Of(shown, Exists ? Text : null, text);
    }
}
