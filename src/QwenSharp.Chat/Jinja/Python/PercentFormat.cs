using System.Globalization;
using System.Numerics;
using System.Text;

namespace QwenSharp.Chat.Jinja.Python;

/// <summary>Python's <c>'…%s…' % values</c>.</summary>
internal static class PercentFormat
{
    public static Text Apply(Runtime runtime, Text format, object? values)
    {
        string text = format.Value;
        TextBuilder result = runtime.NewBuilder();
        Values arguments = new(values);
        int done = 0;
        for (int at = text.IndexOf('%', StringComparison.Ordinal); at >= 0; at = text.IndexOf('%', done))
        {
            result.Append(format.Slice(done, at - done));
            done = Conversion(runtime, format, at + 1, arguments, result);
        }

        arguments.CheckAllUsed();
        return result.Append(format.Slice(done, text.Length - done)).ToText().AsMarkup(format.IsMarkup);
    }

    // Writes one conversion and returns the position after it.
    private static int Conversion(Runtime runtime, Text format, int i, Values arguments, TextBuilder result)
    {
        string text = format.Value;
        object? named = Absent.Value;
        if (Peek(text, i) == '(')
        {
            int close = text.IndexOf(')', i);
            named = close < 0 ? throw new TemplateException("incomplete format key") : arguments.Named(text[(i + 1)..close]);
            i = close + 1;
        }

        string flags = string.Empty;
        for (; Peek(text, i) is '#' or '0' or '-' or ' ' or '+'; i++)
            flags += text[i];

        int width = Size(text, ref i, arguments) ?? 0;
        int? precision = null;
        if (Peek(text, i) == '.')
        {
            i++;
            precision = Size(text, ref i, arguments) ?? 0;
        }

        for (; Peek(text, i) is 'l' or 'h' or 'L'; i++)
        {
        }

        char type = Peek(text, i);
        if (type == '%')
        {
            result.Append(format.Slice(i, 1));
            return i + 1;
        }

        bool left = flags.Contains('-', StringComparison.Ordinal) || width < 0;
        bool zero = flags.Contains('0', StringComparison.Ordinal) && !left;
        FormatSpec spec = new()
        {
            Width = Math.Abs(width),
            Precision = precision,
            Alternate = flags.Contains('#', StringComparison.Ordinal),
            Sign = flags.Contains('+', StringComparison.Ordinal) ? '+' : flags.Contains(' ', StringComparison.Ordinal) ? ' ' : '-',
            Align = left ? '<' : '>',
        };
        object? value = type == '\0' ? throw new TemplateException("incomplete format") : named is Absent ? arguments.Next() : named;
        Text written = type switch
        {
            's' => spec.String(runtime, Repr.ToText(runtime, value)),
            'r' or 'a' => spec.String(runtime, Repr.Of(runtime, value)),
            'c' => spec.String(runtime, Character(value)),
            'd' or 'i' or 'u' => Zero(spec, zero).Number(runtime, Truncate(value, type)),
            'x' or 'X' or 'o' => (Zero(spec, zero) with { Type = type }).Number(runtime, value),
            'e' or 'E' or 'f' or 'F' or 'g' or 'G' => (Zero(spec, zero) with { Type = type }).Number(runtime, value),
            _ => throw new TemplateException($"unsupported format character '{type}' (0x{(int)type:x}) at index {i}"),
        };
        result.Append(format.IsTrusted ? written : Text.FromConversation(written.Value));
        return i + 1;
    }

    private static FormatSpec Zero(FormatSpec spec, bool zero) => zero ? spec with { Fill = "0", Align = '=' } : spec;

    private static object? Truncate(object? value, char type) => value switch
    {
        double d when double.IsFinite(d) => new BigInteger(Math.Truncate(d)),
        bool or BigInteger => value,
        Undefined undefined => throw undefined.Error(),
        _ => throw new TemplateException($"%{type} format: a real number is required, not {TypeName.Of(value)}"),
    };

    // A character made from a number is the conversation's if anyone asks: nothing says where the number came from.
    private static Text Character(object? value) => value switch
    {
        Text { Length: 1 } text => text,
        BigInteger i when i >= 0 && i <= 0x10FFFF && Rune.TryCreate((int)i, out Rune rune) => Text.FromConversation(rune.ToString()),
        _ => throw new TemplateException("%c requires int or char"),
    };

    private static int? Size(string text, ref int i, Values arguments)
    {
        if (Peek(text, i) == '*')
        {
            i++;
            return arguments.Next() is BigInteger given ? Bound.Clamp(given) : throw new TemplateException("* wants int");
        }

        int start = i;
        while (char.IsAsciiDigit(Peek(text, i)))
            i++;

        return start == i ? null
            : int.TryParse(text.AsSpan(start, i - start), NumberStyles.None, CultureInfo.InvariantCulture, out int size) ? size
            : throw new TemplateException("width or precision too big");
    }

    private static char Peek(string text, int i) => i < text.Length ? text[i] : '\0';

    private sealed class Values(object? values)
    {
        private readonly IReadOnlyList<object?> _items = values is Sequence { IsTuple: true } tuple ? tuple.Items : [values];
        private int _next;
        private bool _byName;

        public object? Next() =>
            _next < _items.Count ? _items[_next++] : throw new TemplateException("not enough arguments for format string");

        public object? Named(string name)
        {
            _byName = true;
            Mapping mapping = values as Mapping ?? throw new TemplateException("format requires a mapping");
            return mapping.TryGet(Text.FromTemplate(name), out object? value) ? value : throw new TemplateException(Repr.Quote(name));
        }

        public void CheckAllUsed()
        {
            // As in Python, a lone dict or list may go unused.
            bool mayRest = values is Mapping or Sequence { IsTuple: false } || _byName;
            if (_next < _items.Count && !mayRest)
                throw new TemplateException("not all arguments converted during string formatting");
        }
    }
}
