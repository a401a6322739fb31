using System.Numerics;

namespace QwenSharp.Chat.Jinja.Python;

/// <summary>Python's <c>value[start:stop:step]</c>.</summary>
internal static class Slicing
{
    public static object? Of(Runtime runtime, object? value, object? start, object? stop, object? step)
    {
        if (value is Undefined undefined)
            throw undefined.Error();

        if (value is not (Text or Sequence or Range))
        {
            throw new TemplateException(
                value is Mapping ? "unhashable type: 'slice'" : $"'{TypeName.Of(value)}' object is not subscriptable");
        }

        Iteration.TryLength(value, out int length);
        int by = Index(step) ?? 1;
        if (by == 0)
            throw new TemplateException("slice step cannot be zero");

        int from = Limit(Index(start), length, by, by > 0 ? 0 : length - 1);
        int to = Limit(Index(stop), length, by, by > 0 ? length : -1);
        int count = Math.Max(0, (int)(((long)to - from + by - Math.Sign(by)) / by));
        switch (value)
        {
            case Text text when by == 1 || count == 0:
                int offset = text.OffsetOf(count == 0 ? 0 : from);
                int units = count == 0 ? 0 : text.OffsetOf(from + count) - offset;
                runtime.Budget.Allocate(units);
                return text.Slice(offset, units).AsMarkup(text.IsMarkup);
            case Text text:
                TextBuilder picked = runtime.NewBuilder();
                for (int i = 0; i < count; i++)
                    picked.Append(text.At(from + (i * by)));

                return picked.ToText().AsMarkup(text.IsMarkup);
            case Range range:
                BigInteger first = range.Start + (from * range.Step);
                return new Range(first, first + (count * by * range.Step), by * range.Step);
            default:
                Sequence sequence = (Sequence)value;
                runtime.Budget.AllocateItems(count);
                object?[] items = new object?[count];
                for (int i = 0; i < count; i++)
                    items[i] = sequence.Items[from + (i * by)];

                return new Sequence(items, sequence.IsTuple);
        }
    }

    private static int? Index(object? value) => value switch
    {
        null => null,
        Undefined undefined => throw undefined.Error(),
        // One less than the extremes, so that adding a length cannot overflow.
        _ => Operators.TryInteger(value, out BigInteger i) ? Math.Clamp(Bound.Clamp(i), -int.MaxValue + 1, int.MaxValue - 1)
            : throw new TemplateException("slice indices must be integers or None or have an __index__ method"),
    };

    private static int Limit(int? index, int length, int step, int fallback)
    {
        if (index is not int i)
            return fallback;

        i = i < 0 ? i + length : i;
        return step > 0 ? Math.Clamp(i, 0, length) : Math.Clamp(i, -1, length - 1);
    }
}
