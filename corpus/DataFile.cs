namespace QwenSharp.Corpus;

/// <summary>The generator's data: text files of lines that are kept beside it, in the assembly.</summary>
internal static class DataFile
{
    /// <summary>The lines that say something: neither empty nor remarks.</summary>
    public static IReadOnlyList<string> Lines(string name) =>
        [.. Text(name).Split('\n').Select(line => line.TrimEnd('\r')).Where(line => line.Length > 0 && line[0] != '#')];

    public static string Text(string name)
    {
        using Stream stream =
            typeof(DataFile).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"{name} is not in the assembly.");
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }

    /// <summary>The two sides of "name: value".</summary>
    public static (string Name, string Value) Field(string line, string separator = ": ")
    {
        int at = line.IndexOf(separator, StringComparison.Ordinal);
        return at > 0 ? (line[..at], line[(at + separator.Length)..]) : throw new FormatException($"'{line}' has no '{separator}'.");
    }
}
