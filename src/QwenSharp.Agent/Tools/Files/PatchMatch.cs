namespace QwenSharp.Agent.Tools.Files;

/// <summary>Finds where the changes of a patch go, and makes them.</summary>
internal static class PatchMatch
{
    // To the letter, then without regard to the ends of lines, then to white space around them.
    private static readonly Func<string, string>[] Views = [line => line, line => line.TrimEnd(), line => line.Trim()];

    /// <summary>The text with the changes made.</summary>
    /// <param name="text">The file's, with line feeds.</param>
    /// <param name="hunks">The changes, in the order of the file.</param>
    /// <param name="name">The file's name, for what is said if one does not fit.</param>
    /// <exception cref="ToolException">A change fits nowhere.</exception>
    public static string Apply(string text, IReadOnlyList<PatchHunk> hunks, string name)
    {
        bool endsLine = text.EndsWith('\n');
        List<string> lines = text.Length == 0 ? [] : [.. (endsLine ? text[..^1] : text).Split('\n')];
        int from = 0;
        foreach (PatchHunk hunk in hunks)
        {
            foreach (string header in hunk.Headers)
            {
                int found = Find(lines, [header], from, isAtEnd: false);
                from = found >= 0 ? found + 1 : throw new ToolException($"{name} has no line \"{header}\" behind line {from}, as @@ says.");
            }

            int at = hunk.Old.Count == 0 ? (hunk.Headers.Count > 0 ? from : lines.Count) : Find(lines, hunk.Old, from, hunk.IsAtEnd);
            if (at < 0)
            {
                string sought = string.Join('\n', hunk.Old);
                throw new ToolException($"These lines are not in {name}:\n{sought}\n{NearPlaces.Describe(text, sought)}");
            }

            lines.RemoveRange(at, hunk.Old.Count);
            lines.InsertRange(at, hunk.New);
            from = at + hunk.New.Count;
        }

        return string.Join('\n', lines) + (lines.Count > 0 && (endsLine || text.Length == 0) ? "\n" : "");
    }

    private static int Find(List<string> lines, IReadOnlyList<string> sought, int from, bool isAtEnd)
    {
        foreach (Func<string, string> view in Views)
        {
            string[] seen = [.. lines.Select(view)], wanted = [.. sought.Select(view)];
            int first = isAtEnd ? Math.Max(from, lines.Count - wanted.Length) : from;
            for (int at = first; at + wanted.Length <= seen.Length; at++)
            {
                if (seen.AsSpan(at, wanted.Length).SequenceEqual(wanted))
                    return at;
            }
        }

        return -1;
    }
}
