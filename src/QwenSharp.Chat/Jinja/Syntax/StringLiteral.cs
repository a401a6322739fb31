using System.Globalization;
using System.Text;

namespace QwenSharp.Chat.Jinja.Syntax;

/// <summary>Reads a quoted string with Python's escapes.</summary>
internal static class StringLiteral
{
    /// <summary>The value of the literal that starts at <paramref name="start"/>, and the position after it.</summary>
    public static (string Value, int End) Read(string source, int start, int line)
    {
        char quote = source[start];
        StringBuilder value = new();
        for (int i = start + 1; i < source.Length; i++)
        {
            if (source[i] == quote)
                return (value.ToString(), i + 1);

            if (source[i] == '\\' && i + 1 < source.Length)
                i = Escape(source, i + 1, value, line);
            else
                value.Append(source[i]);
        }

        throw new TemplateException(
            $"line {line}: unexpected char {Python.Repr.Quote(quote.ToString())} at {start}: the string does not end",
            line);
    }

    // Appends what the escape stands for and returns the position of its last character.
    private static int Escape(string source, int i, StringBuilder value, int line)
    {
        char c = source[i];
        switch (c)
        {
            case '\n':
                return i;
            case '\\' or '\'' or '"':
                value.Append(c);
                return i;
            case 'x':
                return Hex(source, i, 2, value, line);
            case 'u':
                return Hex(source, i, 4, value, line);
            case 'U':
                return Hex(source, i, 8, value, line);
            case 'N':
                throw new TemplateException($"line {line}: \\N{{name}} escapes are not supported; write the character or \\u", line);
            case >= '0' and <= '7':
                int code = 0, last = i;
                for (; last < source.Length && last < i + 3 && source[last] is >= '0' and <= '7'; last++)
                    code = (code * 8) + (source[last] - '0');

                value.Append((char)code);
                return last - 1;
            default:
                int known = "abfnrtv".IndexOf(c, StringComparison.Ordinal);
                value.Append(known < 0 ? $"\\{c}" : "\a\b\f\n\r\t\v"[known].ToString());
                return i;
        }
    }

    private static int Hex(string source, int i, int digits, StringBuilder value, int line)
    {
        if (
            i + digits >= source.Length
            || !uint.TryParse(source.AsSpan(i + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint code)
            || code > 0x10FFFF)
        {
            throw new TemplateException($"line {line}: truncated or too large \\{source[i]} escape in a string", line);
        }

        value.Append(code <= 0xFFFF ? ((char)code).ToString() : char.ConvertFromUtf32((int)code));
        return i + digits;
    }
}
