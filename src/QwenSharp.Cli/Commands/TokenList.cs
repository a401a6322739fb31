using System.Globalization;

namespace QwenSharp.Cli.Commands;

/// <summary>Token ids as users write them.</summary>
internal static class TokenList
{
    /// <summary>Reads ids separated by commas or white space, or a JSON array of them.</summary>
    /// <exception cref="UsageException">There is something else.</exception>
    public static int[] Parse(string text)
    {
        string list = text.Trim();
        if (list.StartsWith('[') && list.EndsWith(']'))
            list = list[1..^1];

        if (string.IsNullOrWhiteSpace(list))
            return [];

        List<int> ids = [];
        foreach (string part in list.Split(','))
        {
            string[] words = part.Split([' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0)
            {
                throw new UsageException(
                    $"There is no token id {(ids.Count == 0 ? "before the first comma" : $"behind the comma after {ids[^1]}")}.");
            }

            ids.AddRange(words.Select(Id));
        }

        return [.. ids];
    }

    private static int Id(string word) => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
        ? id
        : throw new UsageException($"'{word}' is not a token id; ids are whole numbers from 0, separated by commas or white space.");
}
