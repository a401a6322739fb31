using System.Text;
using QwenSharp.Tokenizers.Unicode;

namespace QwenSharp.Tokenizers.Tests.Training;

/// <summary>The definition of BPE training: count every pair of every piece again before each merge.</summary>
internal static class NaiveTrainer
{
    public static List<(string Left, string Right)> Merges(IEnumerable<string> texts, BpeTrainerOptions options)
    {
        List<string> tokens =
        [
            .. Enumerable.Range(0, 256).Select(value => TinyVocabulary.Spell([(byte)value])).Order(StringComparer.Ordinal),
        ];
        List<List<string>> pieces =
        [
            .. texts
                .SelectMany(text => Oracle.Split(Normalized(text), options.Pattern))
                .Select(piece => TinyVocabulary.Spell(Encoding.UTF8.GetBytes(piece)).Select(c => c.ToString()).ToList()),
        ];
        List<(string, string)> merges = [];
        while (tokens.Count < options.VocabularySize - options.AddedTokens.Count)
        {
            var best = pieces
                .SelectMany(piece => piece.Zip(piece.Skip(1)))
                .Where(pair => pair.First.Length + pair.Second.Length <= options.LongestToken && !tokens.Contains(pair.First + pair.Second))
                .GroupBy(pair => pair)
                .Select(group => (Pair: group.Key, Count: Occurrences(pieces, group.Key)))
                .Where(pair => pair.Count >= options.MinimumFrequency)
                .OrderByDescending(pair => pair.Count)
                .ThenBy(pair => tokens.IndexOf(pair.Pair.First))
                .ThenBy(pair => tokens.IndexOf(pair.Pair.Second))
                .FirstOrDefault();
            if (best.Count == 0)
                break;

            (string left, string right) = best.Pair;
            tokens.Add(left + right);
            merges.Add(best.Pair);
            foreach (List<string> piece in pieces)
            {
                for (int i = 0; i + 1 < piece.Count; i++)
                {
                    if (piece[i] == left && piece[i + 1] == right)
                    {
                        piece[i] += right;
                        piece.RemoveAt(i + 1);
                    }
                }
            }
        }

        return merges;
    }

    private static string Normalized(string text)
    {
        PooledList<byte> output = new(16);
        Nfc.Normalize(Encoding.UTF8.GetBytes(text), ref output);
        string normalized = Encoding.UTF8.GetString(output.Items);
        output.Dispose();
        return normalized;
    }

    /// <summary>Adjacent places, overlapping ones too: "aaa" has (a, a) twice.</summary>
    private static int Occurrences(List<List<string>> pieces, (string First, string Second) pair) =>
        pieces.Sum(piece => piece.Zip(piece.Skip(1)).Count(other => other == pair));
}
