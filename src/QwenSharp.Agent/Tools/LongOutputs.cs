using System.Globalization;

namespace QwenSharp.Agent.Tools;

/// <summary>
/// Outputs that are too long for a conversation: cut in the middle, as what failed is told at the end and what ran at the beginning, with
/// the whole kept in a file that the model can read.
/// </summary>
/// <param name="directory">Where the files go; it is made with the first.</param>
public sealed class LongOutputs(string directory)
{
    private int _last;

    /// <summary>The characters of an output that go into the conversation.</summary>
    public int MostCharacters { get; init; } = 20_000;

    /// <summary>Where the files are.</summary>
    public string Directory { get; } = Path.GetFullPath(directory);

    /// <summary>An output as the conversation takes it: as it is, or cut with a line that says where the whole is.</summary>
    public string Fit(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length <= MostCharacters)
            return text;

        string path = Keep(text);
        int head = LineEnd(text, MostCharacters / 2), tail = LineStart(text, text.Length - (MostCharacters / 2));
        string gap = string.Create(
            CultureInfo.InvariantCulture,
            $"[… {tail - head} characters left out; the whole output is in {path}: read it from there in parts …]");
        return $"{text.AsSpan(0, head)}\n{gap}\n{text.AsSpan(tail)}";
    }

    /// <summary>Writes a text into a file of its own.</summary>
    /// <returns>The file's full path.</returns>
    public string Keep(string text)
    {
        System.IO.Directory.CreateDirectory(Directory);
        for (; ; )
        {
            // A session that is resumed finds the files of its first part.
            string name = Interlocked.Increment(ref _last).ToString("D4", CultureInfo.InvariantCulture);
            string path = Path.Combine(Directory, name + ".txt");
            if (File.Exists(path))
                continue;

            File.WriteAllText(path, text);
            return path;
        }
    }

    // Cuts fall between lines where one ends nearby, and never inside a surrogate pair.
    private static int LineEnd(string text, int at)
    {
        int line = text.LastIndexOf('\n', at, Math.Min(at, 500));
        return line >= 0 ? line + 1 : char.IsLowSurrogate(text[at]) ? at - 1 : at;
    }

    private static int LineStart(string text, int at)
    {
        int line = text.IndexOf('\n', at, Math.Min(text.Length - at, 500));
        return line >= 0 && line + 1 < text.Length ? line + 1 : char.IsLowSurrogate(text[at]) ? at + 1 : at;
    }
}
