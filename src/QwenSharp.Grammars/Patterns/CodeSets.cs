using System.Globalization;

namespace QwenSharp.Grammars.Patterns;

/// <summary>The sets of code points that regular expressions have names for, as ECMA-262 reads them.</summary>
internal static class CodeSets
{
    public static CodeSet Digits { get; } = CodeSet.Of(('0', '9'));

    public static CodeSet Word { get; } = CodeSet.Of(('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z'));

    public static CodeSet Space { get; } = CodeSet.Of(
        ('\t', '\r'),
        (' ', ' '),
        (0xA0, 0xA0),
        (0x1680, 0x1680),
        (0x2000, 0x200A),
        (0x2028, 0x2029),
        (0x202F, 0x202F),
        (0x205F, 0x205F),
        (0x3000, 0x3000),
        (0xFEFF, 0xFEFF));

    /// <summary>What a dot matches.</summary>
    public static CodeSet NotLineEnd { get; } = CodeSet.Of(('\n', '\n'), ('\r', '\r'), (0x2028, 0x2029)).Complement();

    /// <summary>The code points of a general category, by its short or long name; null for a name that is none.</summary>
    public static CodeSet? Category(string name)
    {
        if (name.StartsWith("General_Category=", StringComparison.Ordinal) || name.StartsWith("gc=", StringComparison.Ordinal))
            name = name[(name.IndexOf('=', StringComparison.Ordinal) + 1)..];
        Func<UnicodeCategory, bool>? isIn = name switch
        {
            "L" or "Letter" => c => c <= UnicodeCategory.OtherLetter,
            "Lu" or "Uppercase_Letter" => c => c == UnicodeCategory.UppercaseLetter,
            "Ll" or "Lowercase_Letter" => c => c == UnicodeCategory.LowercaseLetter,
            "Lt" or "Titlecase_Letter" => c => c == UnicodeCategory.TitlecaseLetter,
            "Lm" or "Modifier_Letter" => c => c == UnicodeCategory.ModifierLetter,
            "Lo" or "Other_Letter" => c => c == UnicodeCategory.OtherLetter,
            "M" or "Mark" => c => c is >= UnicodeCategory.NonSpacingMark and <= UnicodeCategory.EnclosingMark,
            "Mn" or "Nonspacing_Mark" => c => c == UnicodeCategory.NonSpacingMark,
            "Mc" or "Spacing_Mark" => c => c == UnicodeCategory.SpacingCombiningMark,
            "N" or "Number" => c => c is >= UnicodeCategory.DecimalDigitNumber and <= UnicodeCategory.OtherNumber,
            "Nd" or "Decimal_Number" or "digit" => c => c == UnicodeCategory.DecimalDigitNumber,
            "Nl" or "Letter_Number" => c => c == UnicodeCategory.LetterNumber,
            "No" or "Other_Number" => c => c == UnicodeCategory.OtherNumber,
            "P" or "Punctuation" or "punct" => c =>
                c is >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation,
            "S" or "Symbol" => c => c is >= UnicodeCategory.MathSymbol and <= UnicodeCategory.OtherSymbol,
            "Sc" or "Currency_Symbol" => c => c == UnicodeCategory.CurrencySymbol,
            "Sm" or "Math_Symbol" => c => c == UnicodeCategory.MathSymbol,
            "Z" or "Separator" => c => c is >= UnicodeCategory.SpaceSeparator and <= UnicodeCategory.ParagraphSeparator,
            "Zs" or "Space_Separator" => c => c == UnicodeCategory.SpaceSeparator,
            "Cc" or "Control" or "cntrl" => c => c == UnicodeCategory.Control,
            _ => null,
        };
        if (isIn is null)
            return null;
        List<(int, int)> ranges = [];
        int first = -1;
        for (int code = 0; code <= CodeSet.Last + 1; code++)
        {
            bool inside = code <= CodeSet.Last && isIn(CharUnicodeInfo.GetUnicodeCategory(code));
            if (inside && first < 0)
            {
                first = code;
            }
            else if (!inside && first >= 0)
            {
                ranges.Add((first, code - 1));
                first = -1;
            }
        }

        return CodeSet.Of([.. ranges]);
    }
}
