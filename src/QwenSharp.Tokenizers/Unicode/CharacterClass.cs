using System.Globalization;

namespace QwenSharp.Tokenizers.Unicode;

/// <summary>
/// What a pre-tokenizer pattern asks about a character. A character of no class is punctuation, a symbol, a control or unassigned.
/// </summary>
[Flags]
internal enum CharacterClass : byte
{
    None = 0,
    /// <summary>\p{L}</summary>
    Letter = 1,
    /// <summary>\p{N}</summary>
    Number = 2,
    /// <summary>\p{M}</summary>
    Mark = 4,
    /// <summary>\s, which is the property White_Space.</summary>
    Space = 8,
    /// <summary>Carriage return or line feed; also <see cref="Space"/>.</summary>
    Newline = 16,
}

/// <summary>
/// Looks up character classes: a table for the Basic Multilingual Plane, the runtime's data (Unicode 16 in .NET 10) beyond it.
/// </summary>
internal static class CharacterClasses
{
    private static readonly CharacterClass[] BasicPlane = MakeBasicPlane();

    /// <summary>The class of the character at <paramref name="position"/>, and its length in bytes. A stray byte has no class.</summary>
    public static CharacterClass At(ReadOnlySpan<byte> text, int position, out int length)
    {
        int codePoint = Utf8CodePoint.Read(text, position, out length);
        CharacterClass[] table = BasicPlane;
        return (uint)codePoint < (uint)table.Length ? table[codePoint] : BeyondBasicPlane(codePoint);
    }

    /// <summary>The class of one code point, or of <see cref="Utf8CodePoint.Invalid"/>.</summary>
    public static CharacterClass Of(int codePoint) =>
        (uint)codePoint < (uint)BasicPlane.Length ? BasicPlane[codePoint] : BeyondBasicPlane(codePoint);

    private static CharacterClass BeyondBasicPlane(int codePoint) =>
        codePoint == Utf8CodePoint.Invalid ? CharacterClass.None : FromCategory(CharUnicodeInfo.GetUnicodeCategory(codePoint));

    private static CharacterClass[] MakeBasicPlane()
    {
        CharacterClass[] table = new CharacterClass[0x10000];
        for (int c = 0; c < table.Length; c++)
            table[c] = char.IsWhiteSpace((char)c) ? CharacterClass.Space : FromCategory(CharUnicodeInfo.GetUnicodeCategory((char)c));

        table['\r'] |= CharacterClass.Newline;
        table['\n'] |= CharacterClass.Newline;
        return table;
    }

    private static CharacterClass FromCategory(UnicodeCategory category) => category switch
    {
        <= UnicodeCategory.OtherLetter => CharacterClass.Letter,
        <= UnicodeCategory.EnclosingMark => CharacterClass.Mark,
        <= UnicodeCategory.OtherNumber => CharacterClass.Number,
        _ => CharacterClass.None,
    };
}
