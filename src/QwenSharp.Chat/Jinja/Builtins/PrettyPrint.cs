using QwenSharp.Chat.Jinja.Python;

namespace QwenSharp.Chat.Jinja.Builtins;

/// <summary>
/// Python's <c>pprint.pformat</c>: what does not fit into 80 columns is spread over lines, dicts by sorted keys. Long strings stay whole.
/// </summary>
internal static class PrettyPrint
{
    private const int Columns = 80;

    public static Text Of(Runtime runtime, object? value)
    {
        TextBuilder builder = runtime.NewBuilder();
        Write(runtime, builder, Sorted(runtime, value), 0, 0);
        return builder.ToUniformText();
    }

    // Writes a value that starts at a column and is followed by some closing brackets on its last line.
    private static void Write(Runtime runtime, TextBuilder builder, object? value, int column, int closing)
    {
        Text whole = Repr.Of(runtime, value);
        if (whole.Length <= Columns - column - closing || value is not (Sequence { Count: > 0 } or Mapping { Count: > 0 }))
        {
            builder.Append(whole);
            return;
        }

        string separator = ",\n" + new string(' ', column + 1);
        int left;
        switch (value)
        {
            case Mapping mapping:
                builder.Append('{');
                left = mapping.Count;
                foreach ((object? key, object? item) in mapping.Items)
                {
                    Text name = Repr.Of(runtime, key);
                    builder.Append(name).Append(": ");
                    Write(runtime, builder, item, column + name.Length + 3, --left == 0 ? closing + 1 : 1);
                    builder.Append(left > 0 ? separator : "}");
                }

                break;
            default:
                Sequence sequence = (Sequence)value;
                string close = sequence is { IsTuple: true, Count: 1 } ? ",)" : sequence.IsTuple ? ")" : "]";
                builder.Append(sequence.IsTuple ? '(' : '[');
                left = sequence.Count;
                foreach (object? item in sequence.Items)
                {
                    Write(runtime, builder, item, column + 1, --left == 0 ? closing + close.Length : 1);
                    builder.Append(left > 0 ? separator : close);
                }

                break;
        }
    }

    private static object? Sorted(Runtime runtime, object? value)
    {
        switch (value)
        {
            case Sequence sequence:
                runtime.Budget.AllocateItems(sequence.Count);
                return new Sequence([.. sequence.Items.Select(item => Sorted(runtime, item))], sequence.IsTuple);
            case Mapping mapping:
                runtime.Budget.AllocateItems(mapping.Count * 2);
                Mapping sorted = runtime.NewMapping();
                bool comparable = mapping.Keys.All(key => key is Text) || mapping.Keys.All(Operators.IsNumber);
                foreach (object? key in comparable ? Sorting.By(runtime, mapping.Keys, key => key, reverse: false) : mapping.Keys)
                    sorted[key] = Sorted(runtime, mapping.TryGet(key, out object? item) ? item : null);

                return sorted;
            default:
                return value;
        }
    }
}
