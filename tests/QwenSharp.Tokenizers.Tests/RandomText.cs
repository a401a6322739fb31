using System.Text;

namespace QwenSharp.Tokenizers.Tests;

/// <summary>Texts that meet the edges of the patterns often: few kinds of characters, long runs, all planes.</summary>
internal static class RandomText
{
    private static readonly string[] Atoms =
    [
        "a", "b", "the", "S", "'", "'s", "'RE", "'ll", "'ſ", "’s", "s", "t", "e", "l", " ", "  ", "\t", "\n", "\r\n", "\r", "\u00A0",
        "\u3000", "\u0085", "\u2028", "\u200B", "0", "42", "½", "Ⅷ", "٣", "!", "...", "==", "-", "_", "é", "e\u0301", "\u0301",
        "\u0327\u0301", "ﬁ", "ſ", "K", "Ǆ", "文", "人工智能", "각", "\u1100\u1161\u11A8", "क्षि", "ไทย", "😀", "👩‍👩‍👧", "𝒜", "𐀀", "𝟙",
        "\U000E0100", "\U0001D165", "\u0378", "\U000FFFFF", "\uE000", "<", "<|im_start|>", "<|im_end|>", "<think>", "</think>", "<|im_",
        "|>", "\0", "\uFFFD", "\uFEFF",
    ];

    public static string Next(Random random, int maxAtoms = 24)
    {
        StringBuilder text = new();
        for (int n = random.Next(maxAtoms + 1); n > 0; n--)
            text.Append(random.Next(12) == 0 ? AnyCharacter(random) : Atoms[random.Next(Atoms.Length)]);
        return text.ToString();
    }

    private static string AnyCharacter(Random random)
    {
        int codePoint = random.Next(random.Next(2) == 0 ? 0x3000 : 0x110000);
        return Rune.IsValid(codePoint) ? new Rune(codePoint).ToString() : "\uFFFD";
    }
}
