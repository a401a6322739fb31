namespace QwenSharp.Agent.Tools.Discovery;

/// <summary>A <c>SKILL.md</c>: Markdown behind a few lines between dashes that say name and description.</summary>
internal static class SkillFile
{
    private const string Dashes = "---";

    /// <summary>The skill of a file; null where it is not there or does not say what it is for.</summary>
    public static Skill? Read(string path)
    {
        try
        {
            if (!File.Exists(path))
                return null;

            string[] head = Head(File.ReadAllText(path));
            return Value(head, "description") is { } description
                ? new Skill(Value(head, "name") ?? Path.GetFileName(Path.GetDirectoryName(path)!), description, path)
                : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The text behind the dashes.</summary>
    public static string Body(string text)
    {
        int skipped = Head(text).Length;
        return skipped == 0 ? text : string.Join('\n', text.ReplaceLineEndings("\n").Split('\n').Skip(skipped + 2)).TrimStart('\n');
    }

    private static string[] Head(string text)
    {
        string[] lines = text.ReplaceLineEndings("\n").Split('\n');
        int end = Array.IndexOf(lines, Dashes, 1);
        return lines[0] == Dashes && end > 0 ? lines[1..end] : [];
    }

    private static string? Value(string[] head, string key) => head
        .Where(line => line.StartsWith(key + ":", StringComparison.Ordinal))
        .Select(line => line[(key.Length + 1)..].Trim().Trim('"', '\''))
        .FirstOrDefault(value => value.Length > 0);
}
