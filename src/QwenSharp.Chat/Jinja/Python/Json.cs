using System.Globalization;
using System.Numerics;

namespace QwenSharp.Chat.Jinja.Python;

/// <summary>Python's <c>json.dumps</c>.</summary>
internal sealed class Json(Runtime runtime)
{
    private readonly TextBuilder _text = runtime.NewBuilder();

    public bool EnsureAscii { get; init; }

    public Text? Indent { get; init; }

    public required Text ItemSeparator { get; init; }

    public required Text KeySeparator { get; init; }

    public bool SortKeys { get; init; }

    public Text Write(object? value)
    {
        Write(value, 0);
        return _text.ToUniformText();
    }

    private void Write(object? value, int depth)
    {
        runtime.Budget.Step();
        switch (value)
        {
            case Text text:
                WriteString(text);
                break;
            case null or bool or BigInteger or double:
                _text.Append(Scalar(value));
                break;
            case Sequence sequence:
                WriteAll('[', sequence.Items, sequence.Count, ']', depth, item => Write(item, depth + 1));
                break;
            case Mapping mapping:
                IEnumerable<object?> keys = SortKeys ? Sorting.By(runtime, mapping.Keys, key => key, reverse: false) : mapping.Keys;
                WriteAll('{', keys, mapping.Count, '}', depth, key =>
                {
                    WriteString(Key(key));
                    _text.Append(KeySeparator);
                    Write(mapping.TryGet(key, out object? item) ? item : null, depth + 1);
                });
                break;
            default:
                throw new TemplateException($"Object of type {TypeName.Of(value)} is not JSON serializable");
        }
    }

    private void WriteAll<T>(char open, IEnumerable<T> items, int count, char close, int depth, Action<T> write)
    {
        _text.Append(open);
        bool first = true;
        foreach (T item in items)
        {
            _text.Append(first ? Text.Empty : ItemSeparator);
            NewLine(depth + 1);
            write(item);
            first = false;
        }

        if (count > 0)
            NewLine(depth);

        _text.Append(close);
    }

    private void NewLine(int depth)
    {
        if (Indent is null)
            return;

        _text.Append('\n');
        for (int i = 0; i < depth; i++)
            _text.Append(Indent);
    }

    private static Text Key(object? key) => key switch
    {
        Text text => text,
        null or bool or BigInteger or double => Text.FromTemplate(Scalar(key)),
        _ => throw new TemplateException($"keys must be str, int, float, bool or None, not {TypeName.Of(key)}"),
    };

    private static string Scalar(object? value) => value switch
    {
        null => "null",
        bool b => b ? "true" : "false",
        BigInteger i => i.ToString(CultureInfo.InvariantCulture),
        double.NaN => "NaN",
        double.PositiveInfinity => "Infinity",
        double.NegativeInfinity => "-Infinity",
        _ => Repr.Float((double)value),
    };

    private void WriteString(Text text)
    {
        string value = text.Value;
        _text.Append('"');
        int done = 0;
        for (int i = 0; i < value.Length; i++)
        {
            string? escape = value[i] switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\f' => "\\f",
                '\b' => "\\b",
                < ' ' => $"\\u{(int)value[i]:x4}",
                > '~' when EnsureAscii => $"\\u{(int)value[i]:x4}",
                _ => null,
            };
            if (escape is not null)
            {
                _text.Append(value.AsSpan(done, i - done), text).Append(escape, text);
                done = i + 1;
            }
        }

        _text.Append(value.AsSpan(done), text).Append('"');
    }
}
