using System.Text;

namespace QwenSharp.Agent.Tools.Files;

/// <summary>The places of a file that are most like a text which is not in it.</summary>
internal static class NearPlaces
{
    private const int MostPlaces = 2;
    private const int MostLines = 12;
    private const double LeastLikeness = 0.5;

    /// <summary>What a model is told of them.</summary>
    /// <param name="text">The file's, with line feeds.</param>
    /// <param name="sought">The text that is not in it.</param>
    public static string Describe(string text, string sought)
    {
        string[] lines = text.Split('\n'), wanted = sought.Trim('\n').Split('\n');

        // The line with most letters in it says most about the place.
        int mark = Enumerable.Range(0, wanted.Length).MaxBy(i => wanted[i].Trim().Length);
        HashSet<int> pairs = Pairs(wanted[mark]);
        (int Line, double Likeness)[] near =
            [.. lines.Select((line, i) => (Line: i, Likeness: Likeness(pairs, Pairs(line))))
                .Where(one => one.Likeness >= LeastLikeness)
                .OrderByDescending(one => one.Likeness)
                .Take(MostPlaces)];
        if (near.Length == 0)
            return "Nothing in it is like it: read the file again.";

        StringBuilder told = new("The nearest places:\n");
        foreach ((int line, _) in near)
        {
            int first = Math.Max(0, line - Math.Min(mark, MostLines));
            int last = Math.Min(lines.Length, first + Math.Min(wanted.Length, MostLines));
            for (int i = first; i < last; i++)
                told.Append(i + 1).Append('\t').Append(lines[i]).Append('\n');

            told.Append("…\n");
        }

        return told.Append("Give old_string as it stands there.").ToString();
    }

    // Twice the pairs of letters that both have, of all that they have.
    private static double Likeness(HashSet<int> one, HashSet<int> other) =>
        one.Count + other.Count == 0 ? 0 : 2.0 * one.Count(other.Contains) / (one.Count + other.Count);

    private static HashSet<int> Pairs(string line)
    {
        HashSet<int> pairs = [];
        ReadOnlySpan<char> trimmed = line.AsSpan().Trim();
        for (int i = 0; i + 1 < trimmed.Length; i++)
            pairs.Add((trimmed[i] << 16) | trimmed[i + 1]);

        return pairs;
    }
}
