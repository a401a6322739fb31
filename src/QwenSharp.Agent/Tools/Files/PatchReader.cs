namespace QwenSharp.Agent.Tools.Files;

/// <summary>Reads patches in the form that Codex gave its models: files between <c>*** Begin Patch</c> and <c>*** End Patch</c>.</summary>
internal static class PatchReader
{
    private const string Begin = "*** Begin Patch", End = "*** End Patch", Add = "*** Add File: ", Delete = "*** Delete File: ",
        Update = "*** Update File: ", Move = "*** Move to: ", EndOfFile = "*** End of File";

    /// <summary>The files of a patch.</summary>
    /// <exception cref="ToolException">It is not of this form; the message names the line.</exception>
    public static IReadOnlyList<PatchedFile> Read(string patch)
    {
        string[] lines = patch.Trim().Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n');
        if (lines[0].Trim() != Begin || lines[^1].Trim() != End)
            throw new ToolException($"A patch begins with \"{Begin}\" and ends with \"{End}\", each on a line of its own.");

        List<PatchedFile> files = [];
        for (int at = 1; at < lines.Length - 1;)
            files.Add(File(lines, ref at));

        return files.Count > 0 ? files : throw new ToolException("The patch names no file.");
    }

    private static PatchedFile File(string[] lines, ref int at)
    {
        string line = lines[at++];
        if (Named(line, Delete) is { } deleted)
            return new PatchedFile(deleted) { IsDeleted = true };

        if (Named(line, Add) is { } added)
        {
            List<string> text = [];
            for (; !IsMark(lines[at]); at++)
                text.Add(lines[at] is ['+', .. var rest] ? rest : throw Wrong(lines, at, "each line of a new file begins with +"));

            return new PatchedFile(added) { Added = string.Concat(text.Select(one => one + "\n")) };
        }

        if (Named(line, Update) is not { } updated)
            throw Wrong(lines, at - 1, $"it should be \"{Add}…\", \"{Delete}…\" or \"{Update}…\"");

        string? moves = Named(lines[at], Move);
        at += moves is null ? 0 : 1;
        List<PatchHunk> hunks = [];
        while (!IsMark(lines[at]))
            hunks.Add(Hunk(lines, ref at));

        return hunks.Count > 0 || moves is not null
            ? new PatchedFile(updated) { MovesTo = moves, Hunks = hunks }
            : throw Wrong(lines, at - 1, "no change of the file follows");
    }

    private static PatchHunk Hunk(string[] lines, ref int at)
    {
        List<string> headers = [], old = [], @new = [];
        for (; lines[at].StartsWith("@@", StringComparison.Ordinal); at++)
        {
            if (lines[at][2..].Trim() is { Length: > 0 } header)
                headers.Add(header);
        }

        for (; !IsMark(lines[at]) && !lines[at].StartsWith("@@", StringComparison.Ordinal); at++)
        {
            // Models leave out the space of an empty line.
            (char mark, string text) = lines[at] is [var first, .. var rest] ? (first, rest) : (' ', "");
            if (mark is not (' ' or '-' or '+'))
                throw Wrong(lines, at, "each line of a change begins with a space, - or +");

            if (mark != '+')
                old.Add(text);

            if (mark != '-')
                @new.Add(text);
        }

        bool isAtEnd = lines[at].Trim() == EndOfFile;
        at += isAtEnd ? 1 : 0;
        return old.Count + @new.Count > 0
            ? new PatchHunk(headers, old, @new, isAtEnd)
            : throw Wrong(lines, at - 1, "no changed lines follow");
    }

    private static bool IsMark(string line) => line.StartsWith("*** ", StringComparison.Ordinal);

    private static string? Named(string line, string mark) =>
        line.StartsWith(mark, StringComparison.Ordinal) && line[mark.Length..].Trim() is { Length: > 0 } name ? name : null;

    private static ToolException Wrong(string[] lines, int at, string rule) =>
        new($"Line {at + 1} of the patch, \"{lines[at]}\", cannot be: {rule}.");
}
