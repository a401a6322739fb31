using System.Globalization;
using System.Numerics;
using System.Text;

namespace QwenSharp.Chat.Jinja.Python;

/// <summary>Python's <c>'…{}…'.format(…)</c>, with fields such as <c>{0.name[key]!r:&gt;8}</c>.</summary>
internal static class BraceFormat
{
    public static object Apply(Runtime runtime, Text format, Arguments arguments)
    {
        int next = 0;
        return Expand(runtime, format, arguments, ref next, depth: 2);
    }

    private static Text Expand(Runtime runtime, Text format, Arguments arguments, ref int next, int depth)
    {
        string text = format.Value;
        TextBuilder result = runtime.NewBuilder();
        int done = 0;
        for (int at; (at = text.AsSpan(done).IndexOfAny('{', '}')) >= 0;)
        {
            at += done;
            result.Append(format.Slice(done, at - done));
            if (at + 1 < text.Length && text[at + 1] == text[at])
            {
                result.Append(format.Slice(at, 1));
                done = at + 2;
                continue;
            }

            if (text[at] == '}')
                throw new TemplateException("Single '}' encountered in format string");

            int end = End(text, at);
            Text written = Field(runtime, format.Slice(at + 1, end - at - 1), arguments, ref next, depth);
            result.Append(format.IsTrusted ? written : Text.FromConversation(written.Value));
            done = end + 1;
        }

        return result.Append(format.Slice(done, text.Length - done)).ToText();
    }

    private static Text Field(Runtime runtime, Text field, Arguments arguments, ref int next, int depth)
    {
        if (depth == 0)
            throw new TemplateException("Max string recursion exceeded");

        int name = field.Value.AsSpan().IndexOfAny('!', ':');
        name = name < 0 ? field.Value.Length : name;
        object? value = Value(runtime, field.Value[..name], arguments, ref next);
        if (name < field.Value.Length && field.Value[name] == '!')
        {
            char conversion = name + 1 < field.Value.Length ? field.Value[name + 1] : '\0';
            value = conversion switch
            {
                's' => Repr.ToText(runtime, value),
                'r' or 'a' => Repr.Of(runtime, value),
                _ => throw new TemplateException($"Unknown conversion specifier {Repr.Quote(conversion.ToString())}"),
            };
            name += 2;
        }

        if (name < field.Value.Length && field.Value[name] != ':')
            throw new TemplateException("expected ':' after conversion specifier");

        int from = Math.Min(name + 1, field.Value.Length);
        Text specification = Expand(runtime, field.Slice(from, field.Value.Length - from), arguments, ref next, depth - 1);
        return Format(runtime, value, specification.Value);
    }

    private static Text Format(Runtime runtime, object? value, string specification)
    {
        if (specification.Length == 0)
            return Repr.ToText(runtime, value);

        FormatSpec spec = Parse(specification);
        switch (value)
        {
            case bool when spec.Type is null or 's':
            case Text:
                return spec.Type is null or 's' && spec.Align != '=' ? spec.String(runtime, Repr.ToText(runtime, value))
                    : throw new TemplateException($"Unknown format code '{spec.Type ?? '='}' for object of type 'str'");
            case bool or BigInteger when spec.Type == 'c':
                return spec.String(runtime, PercentFormat.Apply(runtime, Text.FromTemplate("%c"), value));
            case bool or BigInteger or double:
                return spec.Number(runtime, value);
            default:
                throw new TemplateException($"unsupported format string passed to {TypeName.Of(value)}.__format__");
        }
    }

    private static FormatSpec Parse(string text)
    {
        int i = 0;
        string fill = " ";
        char? align = null;
        int first = Rune.GetRuneAt(text, 0).Utf16SequenceLength;
        if (first < text.Length && text[first] is '<' or '>' or '^' or '=')
            (fill, align, i) = (text[..first], text[first], first + 1);
        else if (text[0] is '<' or '>' or '^' or '=')
            (align, i) = (text[0], 1);

        char sign = Take(text, ref i, "+- ") ?? '-';
        bool alternate = Take(text, ref i, "#") is not null;
        if (Take(text, ref i, "0") is not null && align is null)
            (fill, align) = ("0", '=');

        int width = Size(text, ref i) ?? 0;
        char? grouping = Take(text, ref i, ",_");
        int? precision = null;
        if (Take(text, ref i, ".") is not null)
            precision = Size(text, ref i) ?? throw new TemplateException("Format specifier missing precision");

        char? type = Take(text, ref i, "bcdeEfFgGnosxX%");
        return i == text.Length
            ? new FormatSpec
            {
                Fill = fill,
                Align = align,
                Sign = sign,
                Alternate = alternate,
                Width = width,
                Grouping = grouping,
                Precision = precision,
                Type = type,
            }
            : throw new TemplateException($"Invalid format specifier {Repr.Quote(text)}");
    }

    private static object? Value(Runtime runtime, string name, Arguments arguments, ref int next)
    {
        int end = name.AsSpan().IndexOfAny('.', '[');
        string first = end < 0 ? name : name[..end];
        object? value;
        if (first.Length == 0 || int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            int index = first.Length == 0 ? next++ : int.Parse(first, CultureInfo.InvariantCulture);
            value = index < arguments.Positional.Count ? arguments.Positional[index]
                : throw new TemplateException("tuple index out of range");
        }
        else
        {
            int named = -1;
            for (int i = 0; i < arguments.Named.Count; i++)
                named = arguments.Named[i].Key == first ? i : named;

            value = named >= 0 ? arguments.Named[named].Value : throw new TemplateException(Repr.Quote(first));
        }

        for (int at = first.Length; at < name.Length;)
        {
            bool item = name[at] == '[';
            int stop =
                item ? name.IndexOf(']', at)
                : name.AsSpan(at + 1).IndexOfAny('.', '[') is >= 0 and var found ? at + 1 + found
                : name.Length;
            if (stop <= at + 1)
                throw new TemplateException("Empty attribute in format string");

            string part = name[(at + 1)..stop];
            value = !item
                ? Lookup.Attribute(runtime, value, part)
                : Lookup.Item(
                    runtime,
                    value,
                    BigInteger.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out BigInteger index)
                        ? index
                        : Text.FromTemplate(part));
            at = item ? stop + 1 : stop;
        }

        return value;
    }

    private static int End(string text, int open)
    {
        int depth = 0;
        for (int i = open; i < text.Length; i++)
        {
            depth += text[i] == '{' ? 1 : text[i] == '}' ? -1 : 0;
            if (depth == 0)
                return i;
        }

        throw new TemplateException(
            open + 1 == text.Length ? "Single '{' encountered in format string" : "expected '}' before end of string");
    }

    private static char? Take(string text, ref int i, string from) =>
        i < text.Length && from.Contains(text[i], StringComparison.Ordinal) ? text[i++] : null;

    private static int? Size(string text, ref int i)
    {
        int start = i;
        while (i < text.Length && char.IsAsciiDigit(text[i]))
            i++;

        return start == i ? null
            : int.TryParse(text.AsSpan(start, i - start), NumberStyles.None, CultureInfo.InvariantCulture, out int size) ? size
            : throw new TemplateException("Too many decimal digits in format string");
    }
}
