using System.Globalization;
using System.Text;

namespace QwenSharp.Tokenizers.Unicode;

/// <summary>\w and \s as the attributes of added tokens mean them (UTS #18, annex C).</summary>
internal static class WordsAndSpace
{
    /// <summary>
    /// \w: letters, marks, decimal and letter numbers, connectors, joiners, and the circled letters that count as alphabetic.
    /// </summary>
    public static bool IsWordCharacter(this Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        <= UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation => true,
        UnicodeCategory.Format => rune.Value is 0x200C or 0x200D,
        UnicodeCategory.OtherSymbol => rune.Value is (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149)
            or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189),
        _ => false,
    };

    /// <summary>The length of the text up to the white space that ends it.</summary>
    public static int LengthWithoutTrailingSpace(this ReadOnlySpan<byte> text)
    {
        while (
            Rune.DecodeLastFromUtf8(text, out Rune last, out int length) == System.Buffers.OperationStatus.Done && Rune.IsWhiteSpace(last))
        {
            text = text[..^length];
        }

        return text.Length;
    }

    /// <summary>The text after the white space that begins it.</summary>
    public static ReadOnlySpan<byte> TrimLeadingSpace(this ReadOnlySpan<byte> text)
    {
        while (Rune.DecodeFromUtf8(text, out Rune first, out int length) == System.Buffers.OperationStatus.Done && Rune.IsWhiteSpace(first))
            text = text[length..];

        return text;
    }
}
