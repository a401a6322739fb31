using System.Collections.Frozen;
using System.Text;
using QwenSharp.Chat.Jinja.Builtins;

namespace QwenSharp.Chat.Jinja.Python;

/// <summary>
/// The methods of Python's <c>str</c> that make new strings. Those that cut strings up are in <see cref="StringSplitting"/>.
/// </summary>
internal static class StringMethods
{
    public delegate object? Method(Runtime runtime, Text text, Arguments arguments);

    private static readonly FrozenDictionary<string, Method> Methods = new Dictionary<string, Method>(StringSplitting.Methods)
    {
        ["upper"] = (_, text, a) => Mapped(text, a, "upper", LetterCase.Upper),
        ["lower"] = (_, text, a) => Mapped(text, a, "lower", LetterCase.Lower),
        ["casefold"] = (_, text, a) => Mapped(text, a, "casefold", value => LetterCase.Lower(LetterCase.Upper(value)).Replace('ς', 'σ')),
        ["title"] = (_, text, a) => Mapped(text, a, "title", LetterCase.Title),
        ["capitalize"] = (_, text, a) => Mapped(text, a, "capitalize", LetterCase.Capitalize),
        ["swapcase"] = (_, text, a) => Mapped(text, a, "swapcase", LetterCase.Swap),
        ["strip"] = (r, text, a) => Strip(r, text, a, "strip", true, true),
        ["lstrip"] = (r, text, a) => Strip(r, text, a, "lstrip", true, false),
        ["rstrip"] = (r, text, a) => Strip(r, text, a, "rstrip", false, true),
        ["removeprefix"] = (_, text, a) =>
            a.Bind("removeprefix", 1, "prefix").Text(0) is var prefix && text.Value.StartsWith(prefix.Value, StringComparison.Ordinal)
                ? text.Slice(prefix.Value.Length, text.Value.Length - prefix.Value.Length)
                : text,
        ["removesuffix"] = (_, text, a) =>
            a.Bind("removesuffix", 1, "suffix").Text(0) is var suffix && text.Value.EndsWith(suffix.Value, StringComparison.Ordinal)
                ? text.Slice(0, text.Value.Length - suffix.Value.Length)
                : text,
        ["replace"] = (r, text, a) =>
            a.Bind("replace", 2, "old", "new", "count") is var b ? Replace(r, text, b.Text(0), b.Text(1), b.Int(2, -1)) : null,
        ["startswith"] = (_, text, a) => Affix(text, a, "startswith", (value, affix) => value.StartsWith(affix, StringComparison.Ordinal)),
        ["endswith"] = (_, text, a) => Affix(text, a, "endswith", (value, affix) => value.EndsWith(affix, StringComparison.Ordinal)),
        ["join"] = (r, text, a) => Join(r, text, Iteration.Of(a.Bind("join", 1, "iterable")[0]), strict: true),
        ["center"] = (r, text, a) => Pad(r, text, a, "center", (missing, width) => (missing / 2) + (missing & width & 1)),
        ["ljust"] = (r, text, a) => Pad(r, text, a, "ljust", (_, _) => 0),
        ["rjust"] = (r, text, a) => Pad(r, text, a, "rjust", (missing, _) => missing),
        ["zfill"] = ZeroFill,
        ["expandtabs"] = ExpandTabs,
        ["format"] = BraceFormat.Apply,
        ["format_map"] = (r, text, a) =>
            a.Bind("format_map", 1, "mapping")[0] is Mapping map
                ? BraceFormat.Apply(
                    r,
                    text,
                    new([], [.. map.Items.Select(item => KeyValuePair.Create(item.Key?.ToString() ?? "None", item.Value))]))
                : throw new TemplateException("format_map() takes a dict"),
        ["isalpha"] = (_, text, a) => All(text, a, Rune.IsLetter),
        ["isdigit"] = (_, text, a) => All(text, a, IsDigit),
        ["isdecimal"] = (_, text, a) => All(text, a, Rune.IsDigit),
        ["isnumeric"] = (_, text, a) => All(text, a, Rune.IsNumber),
        ["isalnum"] = (_, text, a) => All(text, a, rune => Rune.IsLetter(rune) || Rune.IsNumber(rune)),
        ["isspace"] = (_, text, a) => All(text, a, rune => rune.IsBmp && Whitespace.Is((char)rune.Value)),
        ["isprintable"] = (_, text, _) => text.Value.Length == 0 || All(text, Arguments.None, Repr.IsPrintable),
        ["isascii"] = (_, text, _) => Ascii.IsValid(text.Value),
        ["isidentifier"] = (_, text, _) => IsIdentifier(text.Value),
        ["islower"] = (_, text, _) => IsLower(text.Value),
        ["isupper"] = (_, text, _) => IsUpper(text.Value),
        ["istitle"] = (_, text, _) => text.Value.EnumerateRunes().Any(Rune.IsLetter) && LetterCase.Title(text.Value) == text.Value,
    }.ToFrozenDictionary();

    public static object Find(Text text, string name) => Methods.TryGetValue(name, out Method? method)
        ? new BuiltIn(name, (runtime, arguments) =>
        {
            runtime.Budget.Step(1 + (text.Value.Length / 256));
            object? result = method(runtime, text, arguments);
            runtime.Budget.Allocate(ReferenceEquals(result, text) ? 0 : result is Text or Sequence ? text.Value.Length : 0);
            return text.IsMarkup && result is Text made ? made.AsMarkup() : result;
        })
        : Absent.Value;

    /// <summary>
    /// Replaces the first <paramref name="count"/> appearances, or all for a negative count. An empty <paramref name="old"/> is found
    /// between all characters.
    /// </summary>
    public static Text Replace(Runtime runtime, Text text, Text old, Text @new, int count)
    {
        runtime.Budget.Search(text.Value.Length, old.Value.Length);
        TextBuilder result = runtime.NewBuilder();
        int done = 0, from = 0;
        for (; count < 0 || done < count; done++)
        {
            runtime.Budget.Step();
            int start =
                old.Value.Length > 0 ? text.Value.IndexOf(old.Value, from, StringComparison.Ordinal)
                : done <= text.Length ? text.OffsetOf(done)
                : -1;
            if (start < 0)
                break;

            result.Append(text.Slice(from, start - from)).Append(@new);
            from = start + old.Value.Length;
        }

        return done == 0 ? text : result.Append(text.Slice(from, text.Value.Length - from)).ToText();
    }

    /// <summary>Joins the items; where <paramref name="strict"/>, all must be strings already.</summary>
    public static Text Join(Runtime runtime, Text separator, IEnumerable<object?> items, bool strict)
    {
        TextBuilder joined = runtime.NewBuilder();
        int index = 0;
        foreach (object? item in items)
        {
            runtime.Budget.Step();
            Text part = strict
                ? item as Text ?? throw new TemplateException($"sequence item {index}: expected str instance, {TypeName.Of(item)} found")
                : Repr.ToText(runtime, item);
            joined.Append(index++ == 0 ? Text.Empty : separator).Append(part);
        }

        return joined.ToText();
    }

    /// <summary>Strips white space, or any of the characters of <paramref name="characters"/>, from either end.</summary>
    public static Text Strip(Text text, Text? characters, bool left, bool right)
    {
        string value = text.Value;
        HashSet<Rune>? stripped = characters is null ? null : [.. characters.Value.EnumerateRunes()];
        int start = 0, end = value.Length;
        while (left && start < end && Strips(stripped, Rune.GetRuneAt(value, start)))
            start += char.IsSurrogatePair(value, start) ? 2 : 1;

        while (
            right
            && end > start
            && Rune.DecodeLastFromUtf16(value.AsSpan(start, end - start), out Rune last, out int units)
                == System.Buffers.OperationStatus.Done
            && Strips(stripped, last))
        {
            end -= units;
        }

        return text.Slice(start, end - start);
    }

    public static Text Center(Runtime runtime, Text text, int width) =>
        Pad(
            runtime,
            text,
            Arguments.Of(new System.Numerics.BigInteger(width)),
            "center",
            (missing, total) => (missing / 2) + (missing & total & 1));

    public static bool IsLower(string value) => value.EnumerateRunes().Any(Rune.IsLower) && !value.EnumerateRunes().Any(Rune.IsUpper);

    public static bool IsUpper(string value) => value.EnumerateRunes().Any(Rune.IsUpper) && !value.EnumerateRunes().Any(Rune.IsLower);

    private static bool Strips(HashSet<Rune>? stripped, Rune rune) =>
        stripped?.Contains(rune) ?? (rune.IsBmp && Whitespace.Is((char)rune.Value));

    private static Text Strip(Runtime runtime, Text text, Arguments arguments, string name, bool left, bool right)
    {
        Bound bound = arguments.Bind(name, 0, "chars");
        return Strip(text, bound.Has(0) && bound[0] is not null ? bound.Text(0) : null, left, right);
    }

    private static Text Mapped(Text text, Arguments arguments, string name, Func<string, string> map)
    {
        arguments.Bind(name, 0);
        return Text.From(map(text.Value), text);
    }

    private static bool Affix(Text text, Arguments arguments, string name, Func<string, string, bool> test)
    {
        Bound bound = arguments.Bind(name, 1, "affix", "start", "end");
        int start = StringSplitting.Offset(text, bound.IntOrNone(1, 0)),
            end = StringSplitting.Offset(text, bound.IntOrNone(2, int.MaxValue));
        string part = start <= end ? text.Value[start..end] : string.Empty;
        return bound[0] switch
        {
            Text affix => start <= end && test(part, affix.Value),
            Sequence { IsTuple: true } affixes => affixes.Items.Any(item => start <= end && test(part, ((item as Text)
                ?? throw new TemplateException($"tuple for {name} must only contain str, not {TypeName.Of(item)}")).Value)),
            Undefined undefined => throw undefined.Error(),
            var other => throw new TemplateException($"{name} first arg must be str or a tuple of str, not {TypeName.Of(other)}"),
        };
    }

    private static Text Pad(Runtime runtime, Text text, Arguments arguments, string name, Func<int, int, int> left)
    {
        Bound bound = arguments.Bind(name, 1, "width", "fillchar");
        Text fill = bound.Has(1) ? bound.Text(1) : Text.FromTemplate(" ");
        if (fill.Length != 1)
            throw new TemplateException("The fill character must be exactly one character long");

        int width = bound.Int(0), missing = width - text.Length;
        if (width <= 0 || missing <= 0)
            return text;

        int before = left(missing, width);
        return runtime
            .NewBuilder()
            .Append(Repeat(runtime, fill, before))
            .Append(text)
            .Append(Repeat(runtime, fill, missing - before))
            .ToText();
    }

    private static Text Repeat(Runtime runtime, Text text, int count) =>
        (Text)Operators.Binary(runtime, "*", text, new System.Numerics.BigInteger(count))!;

    private static object ZeroFill(Runtime runtime, Text text, Arguments arguments)
    {
        int width = arguments.Bind("zfill", 1, "width").Int(0);
        int sign = text.Value.Length > 0 && text.Value[0] is '+' or '-' ? 1 : 0;
        Text zeros = Repeat(runtime, Text.FromTemplate("0"), Math.Max(0, width <= 0 ? 0 : width - text.Length));
        return runtime.NewBuilder().Append(text.Slice(0, sign)).Append(zeros).Append(text.Slice(sign, text.Value.Length - sign)).ToText();
    }

    private static object ExpandTabs(Runtime runtime, Text text, Arguments arguments)
    {
        int size = arguments.Bind("expandtabs", 0, "tabsize").Int(0, 8);
        TextBuilder expanded = runtime.NewBuilder();
        int column = 0;
        for (int i = 0; i < text.Length; i++)
        {
            Text character = text.At(i);
            int width = character.Value != "\t" ? 1 : size > 0 ? size - (column % size) : 0;
            expanded.Append(character.Value == "\t" ? Repeat(runtime, Text.FromTemplate(" "), width) : character);
            column = character.Value is "\n" or "\r" ? 0 : column + width;
        }

        return expanded.ToText();
    }

    private static bool All(Text text, Arguments arguments, Func<Rune, bool> test)
    {
        arguments.Bind("is…", 0);
        return text.Value.Length > 0 && text.Value.EnumerateRunes().All(test);
    }

    private static bool IsDigit(Rune rune) =>
        Rune.IsDigit(rune) || (rune.IsBmp && System.Globalization.CharUnicodeInfo.GetDigitValue((char)rune.Value) >= 0);

    private static bool IsIdentifier(string value) => value.Length > 0 && (char.IsLetter(value[0]) || value[0] == '_')
        && value.All(c => char.IsLetterOrDigit(c) || c == '_');
}
