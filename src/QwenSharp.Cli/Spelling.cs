namespace QwenSharp.Cli;

/// <summary>What a word that nobody knows was probably meant to be.</summary>
internal static class Spelling
{
    /// <summary>" Did you mean 'this' or 'that'?", with a space before it; empty where nothing known is near.</summary>
    /// <param name="word">What was written.</param>
    /// <param name="known">What could have been.</param>
    public static string Hint(string word, IEnumerable<string> known) => Nearest(word, known) is { Count: > 0 } near
        ? $" Did you mean {string.Join(" or ", near.Select(other => $"'{other}'"))}?"
        : "";

    /// <summary>The known words that are nearest, at most three; none where all are further than a third of the word's letters.</summary>
    public static IReadOnlyList<string> Nearest(string word, IEnumerable<string> known)
    {
        // A word that somebody stopped typing is near as well.
        (string Word, int Distance)[] near =
        [
            .. known
                .Distinct()
                .Select(other => (
                    Word: other,
                    Distance: word.Length >= 3 && other.StartsWith(word, StringComparison.OrdinalIgnoreCase) ? 1 : Distance(word, other)))
                .Where(candidate => candidate.Distance <= Math.Max(1, word.Length / 3) && candidate.Distance < candidate.Word.Length)
                .OrderBy(candidate => candidate.Distance),
        ];
        return [.. near.TakeWhile(candidate => candidate.Distance == near[0].Distance).Take(3).Select(candidate => candidate.Word)];
    }

    /// <summary>
    /// Letters to insert, delete, change or swap with a neighbour until one word is the other, in whatever case (optimal string alignment;
    /// Boytsov, 2011, https://doi.org/10.1145/1963190.1963191).
    /// </summary>
    public static int Distance(string one, string other)
    {
        (one, other) = (one.ToLowerInvariant(), other.ToLowerInvariant());
        int[,] distance = new int[one.Length + 1, other.Length + 1];
        for (int i = 0; i <= one.Length; i++)
        {
            for (int j = 0; j <= other.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    distance[i, j] = i + j;
                    continue;
                }

                int changed = distance[i - 1, j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1);
                int least = Math.Min(changed, Math.Min(distance[i - 1, j], distance[i, j - 1]) + 1);
                bool swapped = i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1];
                distance[i, j] = swapped ? Math.Min(least, distance[i - 2, j - 2] + 1) : least;
            }
        }

        return distance[one.Length, other.Length];
    }
}
