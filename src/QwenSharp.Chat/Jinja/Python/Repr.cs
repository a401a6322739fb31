using System.Globalization;
using System.Numerics;
using System.Text;

namespace QwenSharp.Chat.Jinja.Python;

/// <summary>Python's <c>str</c> and <c>repr</c> of template values.</summary>
internal static class Repr
{
    /// <summary><c>str(value)</c>.</summary>
    public static Text ToText(Runtime runtime, object? value) => value switch
    {
        Text text => text,
        Undefined => Text.Empty,
        bool b => Text.FromTemplate(b ? "True" : "False"),
        null => Text.FromTemplate("None"),
        BigInteger i => Text.FromTemplate(i.ToString(CultureInfo.InvariantCulture)),
        double d => Text.FromTemplate(Float(d)),
        _ => Of(runtime, value),
    };

    /// <summary><c>repr(value)</c>; untrusted as a whole if anything in it is.</summary>
    public static Text Of(Runtime runtime, object? value)
    {
        TextBuilder builder = runtime.NewBuilder();
        Write(runtime, builder, value);
        return builder.ToUniformText();
    }

    /// <summary>A float as Python prints it: the shortest digits that read back as the same number.</summary>
    public static string Float(double value)
    {
        if (!double.IsFinite(value))
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";

        string shortest = value.ToString("R", CultureInfo.InvariantCulture);
        string sign = double.IsNegative(value) ? "-" : string.Empty;
        string mantissa = shortest.TrimStart('-').Split('E')[0];
        string digits = mantissa.Replace(".", string.Empty, StringComparison.Ordinal).Trim('0');
        if (digits.Length == 0)
            return sign + "0.0";

        int exponent = Exponent(shortest.TrimStart('-'));
        if (exponent is < -4 or >= 16)
        {
            string fraction = digits.Length > 1 ? "." + digits[1..] : string.Empty;
            return $"{sign}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }

        if (exponent < 0)
            return $"{sign}0.{new string('0', -exponent - 1)}{digits}";

        return digits.Length <= exponent + 1
            ? $"{sign}{digits.PadRight(exponent + 1, '0')}.0"
            : $"{sign}{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}";
    }

    /// <summary>A string in Python's quotes.</summary>
    public static string Quote(string value)
    {
        char quote = value.Contains('\'', StringComparison.Ordinal) && !value.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        StringBuilder quoted = new StringBuilder(value.Length + 2).Append(quote);
        foreach (Rune rune in value.EnumerateRunes())
        {
            if (rune.Value == quote || rune.Value == '\\')
            {
                quoted.Append('\\').Append((char)rune.Value);
            }
            else if ("\n\r\t".IndexOf((char)rune.Value, StringComparison.Ordinal) is >= 0 and var control && rune.IsAscii)
            {
                quoted.Append('\\').Append("nrt"[control]);
            }
            else if (IsPrintable(rune))
            {
                quoted.Append(rune);
            }
            else
            {
                quoted.Append(rune.Value switch
                {
                    <= 0xFF => $"\\x{rune.Value:x2}",
                    <= 0xFFFF => $"\\u{rune.Value:x4}",
                    _ => $"\\U{rune.Value:x8}",
                });
            }
        }

        return quoted.Append(quote).ToString();
    }

    public static bool IsPrintable(Rune rune) =>
        rune.Value == ' '
        || Rune.GetUnicodeCategory(rune)
            is not (
                UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.Surrogate
                or UnicodeCategory.PrivateUse
                or UnicodeCategory.OtherNotAssigned
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.SpaceSeparator);

    private static void Write(Runtime runtime, TextBuilder builder, object? value)
    {
        runtime.Budget.Step();
        switch (value)
        {
            case Text text:
                builder.Append(text.IsMarkup ? $"Markup({Quote(text.Value)})" : Quote(text.Value), text);
                break;
            case Undefined:
                builder.Append("Undefined");
                break;
            case Sequence { IsTuple: true } tuple:
                WriteAll(runtime, builder, "(", tuple.Items, tuple.Count == 1 ? ",)" : ")");
                break;
            case Sequence list:
                WriteAll(runtime, builder, "[", list.Items, "]");
                break;
            case Mapping mapping:
                WriteMapping(runtime, builder, mapping);
                break;
            case MappingView view:
                WriteAll(runtime, builder, $"dict_{view.Kind}([", view.Items, "])");
                break;
            case Range range:
                builder.Append(
                    range.Step.IsOne ? $"range({range.Start}, {range.Stop})" : $"range({range.Start}, {range.Stop}, {range.Step})");
                break;
            case Namespace space:
                builder.Append("<Namespace ");
                WriteMapping(runtime, builder, space.Attributes);
                builder.Append(">");
                break;
            case Macro macro:
                builder.Append(macro.IsAnonymous ? "<Macro anonymous>" : $"<Macro {Quote(macro.Name)}>");
                break;
            case LoopContext loop:
                builder.Append($"<LoopContext {loop.Index0 + 1}/{loop.Length}>");
                break;
            // Python prints an address here, which no two runs share.
            case Generator generator:
                builder.Append($"<generator object {generator.Name}>");
                break;
            case Callable callable:
                builder.Append($"<function {callable.Name}>");
                break;
            default:
                builder.Append(ToText(runtime, value));
                break;
        }
    }

    private static void WriteAll(Runtime runtime, TextBuilder builder, string open, IEnumerable<object?> items, string close)
    {
        builder.Append(open);
        string separator = string.Empty;
        foreach (object? item in items)
        {
            builder.Append(separator);
            Write(runtime, builder, item);
            separator = ", ";
        }

        builder.Append(close);
    }

    private static void WriteMapping(Runtime runtime, TextBuilder builder, Mapping mapping)
    {
        builder.Append("{");
        string separator = string.Empty;
        foreach ((object? key, object? item) in mapping.Items)
        {
            builder.Append(separator);
            Write(runtime, builder, key);
            builder.Append(": ");
            Write(runtime, builder, item);
            separator = ", ";
        }

        builder.Append("}");
    }

    // The decimal exponent of the first digit that is not zero.
    private static int Exponent(string shortest)
    {
        string[] parts = shortest.Split('E');
        int shift = parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0;
        int point = parts[0].IndexOf('.', StringComparison.Ordinal) is >= 0 and var found ? found : parts[0].Length;
        int first = parts[0].AsSpan().IndexOfAnyInRange('1', '9');
        return shift + (first < point ? point - first - 1 : point - first);
    }
}
