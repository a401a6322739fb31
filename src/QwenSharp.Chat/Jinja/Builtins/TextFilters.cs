using System.Globalization;
using System.Numerics;
using System.Text;
using QwenSharp.Chat.Jinja.Python;

namespace QwenSharp.Chat.Jinja.Builtins;

/// <summary>Filters that make text.</summary>
internal static class TextFilters
{
    public static IReadOnlyDictionary<string, Filter> All { get; } =
        new Dictionary<string, Filter>
        {
            ["capitalize"] = (r, value, a) => Method(r, value, "capitalize", a),
            ["center"] = (r, value, a) => StringMethods.Center(r, Repr.ToText(r, value), a.Bind("center", 0, "width").Int(0, 80)),
            ["e"] = Escape,
            ["escape"] = Escape,
            ["forceescape"] = (r, value, a) =>
                a.Bind("forceescape", 0) is var _ ? Html.Escape(r, Repr.ToText(r, value), force: true) : null,
            ["format"] = (r, value, a) => PercentFormat.Apply(r, Repr.ToText(r, value), FormatValues(r, a)),
            ["indent"] = Indent,
            ["lower"] = (r, value, a) => Method(r, value, "lower", a),
            ["pprint"] = (r, value, a) => a.Bind("pprint", 0) is var _ ? PrettyPrint.Of(r, value) : null,
            ["replace"] = (r, value, a) =>
                a.Bind("replace", 2, "old", "new", "count") is var b
                    ? StringMethods.Replace(r, Repr.ToText(r, value), Repr.ToText(r, b[0]), Repr.ToText(r, b[1]), b.IntOrNone(2, -1))
                    : null,
            ["safe"] = (r, value, a) => a.Bind("safe", 0) is var _ ? Repr.ToText(r, value).AsMarkup() : null,
            ["string"] = (r, value, a) => a.Bind("string", 0) is var _ ? Repr.ToText(r, value) : null,
            ["title"] = (r, value, a) =>
                a.Bind("title", 0) is var _ && Repr.ToText(r, value) is var text ? Text.From(Title(text.Value), text) : null,
            ["tojson"] = ToJson,
            ["trim"] = (r, value, a) =>
                a.Bind("trim", 0, "chars") is var b
                    ? StringMethods.Strip(Repr.ToText(r, value), b.Or(0, null) is null ? null : b.Text(0), left: true, right: true)
                    : null,
            ["truncate"] = Truncate,
            ["upper"] = (r, value, a) => Method(r, value, "upper", a),
            ["urlencode"] = UrlEncode,
            ["wordcount"] = (r, value, a) => a.Bind("wordcount", 0) is var _ ? WordCount(Repr.ToText(r, value).Value) : null,
        };

    private static object? Method(Runtime runtime, object? value, string name, Arguments arguments) =>
        ((Callable)StringMethods.Find(Repr.ToText(runtime, value), name)).Call(runtime, arguments);

    private static Text Escape(Runtime runtime, object? value, Arguments arguments)
    {
        arguments.Bind("escape", 0);
        return Html.Escape(runtime, Repr.ToText(runtime, value));
    }

    private static object FormatValues(Runtime runtime, Arguments arguments)
    {
        if (arguments.Named.Count == 0)
            return new Sequence(arguments.Positional, isTuple: true);

        if (arguments.Positional.Count > 0)
            throw new TemplateException("can't handle positional and keyword arguments at the same time");

        Mapping mapping = runtime.NewMapping();
        foreach ((string name, object? value) in arguments.Named)
            mapping[Text.FromTemplate(name)] = value;

        return mapping;
    }

    private static object Indent(Runtime runtime, object? value, Arguments arguments)
    {
        Bound bound = arguments.Bind("indent", 0, "width", "first", "blank");
        Text text =
            value as Text
            ?? throw (
                value is Undefined undefined
                    ? undefined.Error()
                    : new TemplateException($"unsupported operand type(s) for +=: '{TypeName.Of(value)}' and 'str'"));
        Text indentation =
            bound.Or(0, null) as Text ?? (Text)Operators.Binary(runtime, "*", Text.FromTemplate(" "), new BigInteger(bound.Int(0, 4)))!;
        bool blank = bound.Is(2);
        TextBuilder result = runtime.NewBuilder();
        result.Append(bound.Is(1) ? indentation : Text.Empty);
        int index = 0;
        // A final newline is a line of its own here, unlike for splitlines.
        foreach (Text line in StringSplitting.Lines(runtime.NewBuilder().Append(text).Append('\n').ToText()))
        {
            result
                .Append(index == 0 ? "" : "\n")
                .Append(index > 0 && (blank || line.Value.Length > 0) ? indentation : Text.Empty)
                .Append(line);
            index++;
        }

        return result.ToText().AsMarkup(text.IsMarkup);
    }

    private static object ToJson(Runtime runtime, object? value, Arguments arguments)
    {
        Bound bound = arguments.Bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
        Text? indent = bound.Or(1, null) switch
        {
            null => null,
            Text text => text,
            _ => (Text)Operators.Binary(runtime, "*", Text.FromTemplate(" "), new BigInteger(bound.Int(1)))!,
        };
        Sequence? separators = bound.Or(2, null) as Sequence;
        if (bound.Or(2, null) is not null && separators is not { Count: 2, Items: [Text, Text] })
            throw new TemplateException("tojson() argument 'separators' must be two strings: between items and after a key");

        return new Json(runtime)
        {
            EnsureAscii = bound.Is(0),
            Indent = indent,
            ItemSeparator = (Text?)separators?.Items[0] ?? Text.FromTemplate(indent is null ? ", " : ","),
            KeySeparator = (Text?)separators?.Items[1] ?? Text.FromTemplate(": "),
            SortKeys = bound.Is(3),
        }.Write(value);
    }

    private static Text Truncate(Runtime runtime, object? value, Arguments arguments)
    {
        Bound bound = arguments.Bind("truncate", 0, "length", "killwords", "end", "leeway");
        Text text = Repr.ToText(runtime, value), end = bound.Has(2) ? bound.Text(2) : Text.FromTemplate("...");
        int length = bound.Int(0, 255), leeway = bound.IntOrNone(3, 5);
        if (length < end.Length || leeway < 0)
        {
            throw new TemplateException(
                leeway < 0 ? $"expected leeway >= 0, got {leeway}" : $"expected length >= {end.Length}, got {length}");
        }

        if (text.Length <= (long)length + leeway)
            return text;

        Text kept = text.Slice(0, text.OffsetOf(length - end.Length));
        int space = bound.Is(1) ? -1 : kept.Value.LastIndexOf(' ');
        return runtime.NewBuilder().Append(space < 0 ? kept : kept.Slice(0, space)).Append(end).ToText();
    }

    private static Text UrlEncode(Runtime runtime, object? value, Arguments arguments)
    {
        arguments.Bind("urlencode", 0);
        if (value is Text or null or Undefined || !Iteration.Can(value))
            return Quote(Repr.ToText(runtime, value), "/");

        TextBuilder query = runtime.NewBuilder();
        IEnumerable<object?> pairs = value is Mapping mapping ? new MappingView("items", mapping).Items : Iteration.Of(value);
        foreach (object? pair in pairs)
        {
            if (pair is not Sequence { Count: 2 } parts)
                throw new TemplateException("urlencode wants text, a dict or a list of pairs");

            query.Append(query.Length == 0 ? "" : "&").Append(Query(parts.Items[0])).Append('=').Append(Query(parts.Items[1]));
        }

        return query.ToText();

        Text Query(object? part) =>
            Quote(Repr.ToText(runtime, part), string.Empty) is var quoted
                ? Text.From(quoted.Value.Replace("%20", "+", StringComparison.Ordinal), quoted)
                : Text.Empty;
    }

    private static Text Quote(Text text, string safe)
    {
        StringBuilder quoted = new();
        foreach (byte b in Encoding.UTF8.GetBytes(text.Value))
        {
            char c = (char)b;
            quoted.Append(
                char.IsAsciiLetterOrDigit(c) || "_.-~".Contains(c, StringComparison.Ordinal) || safe.Contains(c, StringComparison.Ordinal)
                    ? c.ToString()
                    : "%" + b.ToString("X2", CultureInfo.InvariantCulture));
        }

        return Text.From(quoted.ToString(), text);
    }

    // Jinja's own idea of a word: it starts after white space, a hyphen or an opening bracket.
    private static string Title(string text)
    {
        StringBuilder title = new(text.Length);
        bool start = true;
        foreach (Rune rune in text.EnumerateRunes())
        {
            title.Append(start ? LetterCase.Upper(rune.ToString()) : LetterCase.Lower(rune.ToString()));
            start = (rune.IsBmp && Whitespace.Is((char)rune.Value)) || rune.Value is '-' or '(' or '{' or '[' or '<';
        }

        return title.ToString();
    }

    private static object WordCount(string text)
    {
        int count = 0;
        bool inside = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool word = Rune.IsLetterOrDigit(rune) || Rune.IsNumber(rune) || rune.Value == '_';
            count += word && !inside ? 1 : 0;
            inside = word;
        }

        return new BigInteger(count);
    }
}
