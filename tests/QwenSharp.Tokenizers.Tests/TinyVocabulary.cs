using System.Text;

namespace QwenSharp.Tokenizers.Tests;

/// <summary>
/// A vocabulary made here from a few lines, so that every test runs without published files: 256 bytes, the merges that a
/// plain count of adjacent pairs gives, and added tokens of both kinds.
/// </summary>
internal static class TinyVocabulary
{
    public static readonly (string Left, string Right)[] Merges = Train();

    public static readonly AddedToken[] AddedTokens =
    [
        new(256 + Merges.Length, "<|im_start|>", IsControl: true),
        new(257 + Merges.Length, "<|im_end|>", IsControl: true),
        new(258 + Merges.Length, "<think>", IsControl: false),
        new(259 + Merges.Length, "</think>", IsControl: false),
    ];

    public static BpeVocabulary Vocabulary { get; } = new()
    {
        Tokens = Utf8Strings.From(Tokens()),
        Merges = Utf8Strings.From(Merges.Select(merge => $"{merge.Left} {merge.Right}")),
        AddedTokens = AddedTokens,
        Pattern = PreTokenizerPattern.Qwen2,
    };

    public static BpeTokenizer Tokenizer { get; } = BpeTokenizer.Create(Vocabulary);

    public static int ImStart => AddedTokens[0].Id;

    public static int ImEnd => AddedTokens[1].Id;

    public static int Think => AddedTokens[2].Id;

    /// <summary>All tokens by id: the bytes in their own order, then the merged ones.</summary>
    public static string[] Tokens() =>
        [.. Enumerable.Range(0, 256).Select(value => Spell([(byte)value])), .. Merges.Select(merge => merge.Left + merge.Right)];

    public static string Spell(ReadOnlySpan<byte> bytes)
    {
        StringBuilder spelling = new();
        foreach (byte value in bytes)
            spelling.Append(ByteSpelling.Spell(value));
        return spelling.ToString();
    }

    private static (string, string)[] Train()
    {
        const string Text = """
            the cat sat on the mat and the dog ran to the other side of the street where there was a tree   with leaves
            if (x == 0) { return x + 1; } else { return x - 1; }    // aaaa aaaaaaaa bbbb abab abababab ---- ==== ....
            人工智能正在改变我们的生活，人工智能。 Привет, мир! Привет, друзья! é à ü ﬁ 😀😀🎉 don't we'll I've
            """;
        List<List<string>> words =
        [
            .. Text.Split(' ').Select(word => Spell(Encoding.UTF8.GetBytes(" " + word)).Select(c => c.ToString()).ToList()),
        ];
        List<(string, string)> merges = [];
        HashSet<string> made = [];
        while (words
            .SelectMany(word => word.Zip(word.Skip(1)))
            .Where(pair => !made.Contains(pair.First + pair.Second))
            .GroupBy(pair => pair)
            .OrderByDescending(group => group.Count()).ThenBy(group => group.Key.First + "\0" + group.Key.Second, StringComparer.Ordinal)
            .FirstOrDefault()?.Key is (string left, string right))
        {
            made.Add(left + right);
            merges.Add((left, right));
            foreach (List<string> word in words)
            {
                for (int i = 0; i + 1 < word.Count; i++)
                {
                    if (word[i] == left && word[i + 1] == right)
                    {
                        word[i] += word[i + 1];
                        word.RemoveAt(i + 1);
                    }
                }
            }
        }

        return [.. merges];
    }
}
