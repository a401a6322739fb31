using System.Globalization;
using System.Numerics;
using QwenSharp.Chat.Jinja.Python;

namespace QwenSharp.Chat.Jinja.Builtins;

/// <summary>Filters that make numbers.</summary>
internal static class NumberFilters
{
    public static IReadOnlyDictionary<string, Filter> All { get; } =
        new Dictionary<string, Filter>
        {
            ["abs"] = (r, value, a) =>
                a.Bind("abs", 0) is var _ && value is double d ? Math.Abs(d)
                : Operators.TryInteger(value, out BigInteger i) ? BigInteger.Abs(i)
                : throw (
                    value is Undefined undefined
                        ? undefined.Error()
                        : new TemplateException($"bad operand type for abs(): '{TypeName.Of(value)}'")),
            ["float"] = (_, value, a) => a.Bind("float", 0, "default") is var b && TryFloat(value, out double d) ? d : b.Or(0, 0.0),
            ["int"] = ToInteger,
            ["round"] = Round,
            ["filesizeformat"] = FileSize,
        };

    /// <summary>Python's <c>float(value)</c>.</summary>
    private static bool TryFloat(object? value, out double result)
    {
        if (value is Undefined undefined)
            throw undefined.Error();

        result = 0;
        if (value is Text text)
        {
            string digits = Digits(text.Value, out bool valid);
            double? special = digits.TrimStart('+', '-').ToUpperInvariant() switch
            {
                "INF" or "INFINITY" => digits[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity,
                "NAN" => double.NaN,
                _ => null,
            };
            result = special ?? 0;
            return valid
                && (
                    special is not null
                    || double.TryParse(
                        digits,
                        NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
                        CultureInfo.InvariantCulture,
                        out result));
        }

        result = Operators.IsNumber(value) ? Operators.ToDouble(value) : 0;
        return Operators.IsNumber(value);
    }

    private static object? ToInteger(Runtime runtime, object? value, Arguments arguments)
    {
        Bound bound = arguments.Bind("int", 0, "default", "base");
        int numberBase = bound.Int(1, 10);
        if (numberBase is not (0 or 2 or 8 or 10 or 16))
            throw new TemplateException("int() reads base 2, 8, 10 and 16, and 0 for the literal's own");

        if (value is Text text && TryInteger(text.Value, numberBase, runtime.Budget, out BigInteger parsed))
            return parsed;

        if (Operators.TryInteger(value, out BigInteger integer))
            return integer;

        return TryFloat(value, out double d) && double.IsFinite(d) ? new BigInteger(Math.Truncate(d)) : bound.Or(0, BigInteger.Zero);
    }

    private static bool TryInteger(string text, int numberBase, Budget budget, out BigInteger value)
    {
        value = default;
        string digits = Digits(text, out bool valid);
        bool negative = digits.StartsWith('-');
        digits = digits.Length > 0 && digits[0] is '+' or '-' ? digits[1..] : digits;
        if (!valid || digits.Length == 0 || digits.Length > budget.Limits.IntegerBits)
            return false;

        int prefixed =
            digits.Length > 2 && digits[0] == '0'
                ? char.ToLowerInvariant(digits[1]) switch
                {
                    'b' => 2,
                    'o' => 8,
                    'x' => 16,
                    _ => 0,
                }
                : 0;
        if (prefixed != 0 && (numberBase == 0 || numberBase == prefixed))
            (numberBase, digits) = (prefixed, digits[2..]);

        numberBase = numberBase == 0 ? 10 : numberBase;
        foreach (char c in digits)
        {
            int digit = char.IsAsciiHexDigit(c) ? Convert.ToInt32(c.ToString(), 16) : int.MaxValue;
            if (digit >= numberBase)
                return false;

            value = (value * numberBase) + digit;
        }

        value = budget.Fit(negative ? -value : value);
        return true;
    }

    // A number's text without white space around it and _ between its digits.
    private static string Digits(string text, out bool valid)
    {
        string trimmed = text[..Whitespace.TrimEnd(text)];
        trimmed = trimmed[Whitespace.TrimStart(trimmed)..];
        valid = trimmed.Length > 0;
        for (int i = 0; i < trimmed.Length; i++)
        {
            valid &=
                trimmed[i] != '_'
                || (i > 0 && i + 1 < trimmed.Length && char.IsAsciiHexDigit(trimmed[i - 1]) && char.IsAsciiHexDigit(trimmed[i + 1]));
        }

        return trimmed.Replace("_", string.Empty, StringComparison.Ordinal);
    }

    private static object Round(Runtime runtime, object? value, Arguments arguments)
    {
        Bound bound = arguments.Bind("round", 0, "precision", "method");
        int precision = bound.Int(0, 0);
        string method = bound.Has(1) ? bound.Text(1).Value : "common";
        if (!Operators.IsNumber(value))
        {
            throw value is Undefined undefined
                ? undefined.Error()
                : new TemplateException($"type {TypeName.Of(value)} doesn't define __round__ method");
        }

        switch (method)
        {
            case "common" when Operators.TryInteger(value, out BigInteger integer):
                return precision >= 0 ? integer : Tens(runtime, integer, -precision);
            case "common":
                return FloatFormat.Round((double)value!, precision);
            case "ceil" or "floor":
                double scale = Math.Pow(10, precision), scaled = Operators.ToDouble(value) * scale;
                return (method == "ceil" ? Math.Ceiling(scaled) : Math.Floor(scaled)) / scale;
            default:
                throw new TemplateException("method must be common, ceil or floor");
        }
    }

    // Rounds to a multiple of a power of ten, halves to even.
    private static BigInteger Tens(Runtime runtime, BigInteger value, int zeros)
    {
        if (zeros > runtime.Budget.Limits.IntegerBits)
            return BigInteger.Zero;

        BigInteger unit = BigInteger.Pow(10, zeros), rest = Operators.Modulo(value, unit), low = (value - rest) / unit;
        int half = (rest * 2).CompareTo(unit);
        return (half > 0 || (half == 0 && !low.IsEven) ? low + 1 : low) * unit;
    }

    private static object FileSize(Runtime runtime, object? value, Arguments arguments)
    {
        bool binary = arguments.Bind("filesizeformat", 0, "binary").Is(0);
        if (!TryFloat(value, out double bytes))
            throw new TemplateException($"could not convert {TypeName.Of(value)} to float");

        double unit = binary ? 1024 : 1000;
        if (bytes < unit)
            return Text.FromTemplate(bytes == 1 ? "1 Byte" : $"{new BigInteger(Math.Truncate(bytes))} Bytes");

        int prefix = 0;
        for (bytes /= unit; bytes >= unit && prefix < 7; prefix++)
            bytes /= unit;

        return Text.FromTemplate($"{FloatFormat.Fixed(bytes, 1)} {(binary ? "KMGTPEZY" : "kMGTPEZY")[prefix]}{(binary ? "iB" : "B")}");
    }
}
