using System.Globalization;
using System.Numerics;

namespace QwenSharp.Chat.Jinja.Syntax;

/// <summary>Integers in base 2, 8, 10 and 16 and floats, with <c>_</c> between digits, as Python writes them.</summary>
internal static class NumberLiteral
{
    /// <summary>Where the number that starts at <paramref name="start"/> (a digit) ends.</summary>
    public static int End(string source, int start, out bool isFloat)
    {
        isFloat = false;
        int digits = Digits(source, start, char.IsAsciiDigit);
        bool afterDot = start > 0 && source[start - 1] == '.';
        if (!afterDot)
        {
            int end = digits;
            if (end + 1 < source.Length && source[end] == '.' && char.IsAsciiDigit(source[end + 1]))
            {
                end = Digits(source, end + 1, char.IsAsciiDigit);
                isFloat = true;
            }

            if (end < source.Length && source[end] is 'e' or 'E')
            {
                int exponent = end + 1 < source.Length && source[end + 1] is '+' or '-' ? end + 2 : end + 1;
                if (exponent < source.Length && char.IsAsciiDigit(source[exponent]))
                {
                    end = Digits(source, exponent, char.IsAsciiDigit);
                    isFloat = true;
                }
            }

            if (isFloat)
                return end;
        }

        if (source[start] != '0')
            return digits;

        Func<char, bool>? other = start + 1 < source.Length ? char.ToLowerInvariant(source[start + 1]) switch
        {
            'b' => c => c is '0' or '1',
            'o' => c => c is >= '0' and <= '7',
            'x' => char.IsAsciiHexDigit,
            _ => null,
        } : null;
        if (other is not null && Digits(source, start + 2, other) is int based && based > start + 2)
            return based;

        // A decimal that starts with 0 is nothing but zeros.
        return Digits(source, start, c => c == '0');
    }

    /// <summary>The value of an integer's text without <c>_</c>.</summary>
    public static BigInteger Integer(string text)
    {
        if (text.Length < 3 || char.IsAsciiDigit(text[1]))
            return BigInteger.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

        int bits = char.ToLowerInvariant(text[1]) switch { 'b' => 1, 'o' => 3, _ => 4 };
        BigInteger value = BigInteger.Zero;
        foreach (char c in text.AsSpan(2))
            value = (value << bits) + Convert.ToInt32(c.ToString(), 16);

        return value;
    }

    private static int Digits(string source, int i, Func<char, bool> isDigit)
    {
        while (i < source.Length && (isDigit(source[i]) || (source[i] == '_' && i + 1 < source.Length && isDigit(source[i + 1]))))
            i++;

        return i;
    }
}
