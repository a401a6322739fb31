using System.Globalization;
using System.Numerics;

namespace QwenSharp.Chat.Jinja.Python;

/// <summary>How to write one value: what Python's <c>{:spec}</c> and <c>%spec</c> have in common.</summary>
internal sealed record FormatSpec
{
    private const int MaxPrecision = 1000;

    public string Fill { get; init; } = " ";

    /// <summary>One of &lt; &gt; ^ =, or null for the type's own.</summary>
    public char? Align { get; init; }

    /// <summary>One of + - space.</summary>
    public char Sign { get; init; } = '-';

    public bool Alternate { get; init; }

    public int Width { get; init; }

    public char? Grouping { get; init; }

    public int? Precision { get; init; }

    public char? Type { get; init; }

    /// <summary>Writes an integer or a float.</summary>
    public Text Number(Runtime runtime, object? value)
    {
        if (Precision > MaxPrecision)
            throw new TemplateException($"A format's precision is limited to {MaxPrecision} digits.");

        bool isFloat = value is double || Type is 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or '%';
        (bool negative, string prefix, string digits) = isFloat ? Float(Operators.ToDouble(value)) : Integer(value);
        string sign = negative ? "-" : Sign == '-' ? string.Empty : Sign.ToString();
        return Pad(runtime, Text.FromTemplate(sign + prefix), Text.FromTemplate(Group(digits)), Align ?? '>');
    }

    /// <summary>Writes text: cut to the precision, padded to the width.</summary>
    public Text String(Runtime runtime, Text text)
    {
        Text cut = Precision is int length && length < text.Length ? text.Slice(0, text.OffsetOf(length)) : text;
        return Pad(runtime, Text.Empty, cut, Align ?? '<');
    }

    private Text Pad(Runtime runtime, Text head, Text body, char align)
    {
        int missing = Math.Max(0, Width - head.Length - body.Length);
        int before = align switch { '<' => 0, '^' => missing / 2, _ => missing };
        // Paid before it is made: the width is the template's choice.
        runtime.Budget.Allocate(missing);
        string left = string.Concat(Enumerable.Repeat(Fill, before)), right = string.Concat(Enumerable.Repeat(Fill, missing - before));
        TextBuilder padded = runtime.NewBuilder();
        return align == '='
            ? padded.Append(head).Append(left).Append(body).ToText()
            : padded.Append(left).Append(head).Append(body).Append(right).ToText();
    }

    private (bool Negative, string Prefix, string Digits) Float(double value)
    {
        double shown = Type == '%' ? value * 100 : value;
        int precision = Precision ?? 6;
        string digits = Type switch
        {
            'e' or 'E' => FloatFormat.Exponential(shown, precision),
            'f' or 'F' or '%' => FloatFormat.Fixed(shown, precision),
            'g' or 'G' => FloatFormat.General(shown, precision, Alternate),
            null when Precision is null => Repr.Float(Math.Abs(shown)),
            null => Plain(FloatFormat.General(shown, precision, keepZeros: false), shown, precision),
            _ => throw new TemplateException($"Unknown format code '{Type}' for object of type 'float'"),
        };
        digits = Type is 'E' or 'F' or 'G' ? digits.ToUpperInvariant() : digits;
        return (double.IsNegative(value) && !double.IsNaN(value), string.Empty, Type == '%' ? digits + "%" : digits);
    }

    // Without a type a float keeps a digit after the point, and turns exponential one digit sooner.
    private static string Plain(string general, double value, int precision)
    {
        if (general.Contains('e', StringComparison.Ordinal) || general.Contains('.', StringComparison.Ordinal) || !double.IsFinite(value))
            return general;

        return general.Length >= Math.Max(1, precision)
            ? FloatFormat.Exponential(value, Math.Max(1, precision) - 1) is var e && e.Split('e') is [var m, var x]
                ? $"{(m.Contains('.', StringComparison.Ordinal) ? m.TrimEnd('0').TrimEnd('.') : m)}e{x}"
                : general
            : general + ".0";
    }

    private (bool Negative, string Prefix, string Digits) Integer(object? value)
    {
        if (!Operators.TryInteger(value, out BigInteger integer))
            throw new TemplateException($"%{Type} format: a real number is required, not {TypeName.Of(value)}");

        BigInteger magnitude = BigInteger.Abs(integer);
        (string prefix, string digits) = Type switch
        {
            'x' => ("0x", Hex(magnitude)),
            'X' => ("0X", Hex(magnitude).ToUpperInvariant()),
            'o' => ("0o", Base(magnitude, 3)),
            'b' => ("0b", Base(magnitude, 1)),
            null or 'd' or 'n' => (string.Empty, magnitude.ToString(CultureInfo.InvariantCulture)),
            _ => throw new TemplateException($"Unknown format code '{Type}' for object of type 'int'"),
        };
        return (integer.Sign < 0, Alternate ? prefix : string.Empty, digits);
    }

    private static string Hex(BigInteger magnitude) =>
        magnitude.ToString("x", CultureInfo.InvariantCulture).TrimStart('0') is { Length: > 0 } hex ? hex : "0";

    private static string Base(BigInteger magnitude, int bits)
    {
        Stack<char> digits = new();
        do
        {
            digits.Push((char)('0' + (int)(magnitude & ((1 << bits) - 1))));
            magnitude >>= bits;
        }
        while (!magnitude.IsZero);
        return string.Concat(digits);
    }

    private string Group(string digits)
    {
        if (Grouping is not char separator)
            return digits;

        int end = digits.AsSpan().IndexOfAnyExceptInRange('0', '9') is >= 0 and var found ? found : digits.Length;
        int size = Type is 'x' or 'X' or 'o' or 'b' ? 4 : 3;
        end = size == 4 ? digits.Length : end;
        for (int at = end - size; at > 0; at -= size)
            digits = digits.Insert(at, separator.ToString());

        return digits;
    }
}
