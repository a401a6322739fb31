using System.Numerics;

namespace QwenSharp.Chat.Jinja.Python;

/// <summary>
/// Python's <c>==</c>, <c>&lt;</c>, <c>in</c> and hashing. Values may share parts any number of times over, so each comparison is paid for.
/// </summary>
internal sealed class Comparison(Budget budget) : IEqualityComparer<object>
{
    public new bool Equals(object? x, object? y)
    {
        budget.Step();
        if (ReferenceEquals(x, y))
            return x is not double.NaN;

        if (Operators.IsNumber(x) && Operators.IsNumber(y))
            return Operators.CompareNumbers(x, y) == 0;

        switch (x, y)
        {
            case (Text a, Text b):
                budget.Step(a.Value.Length == b.Value.Length ? a.Value.Length / 4096 : 0);
                return a.Equals(b);
            case (Undefined, Undefined):
                return true;
            case (Sequence a, Sequence b):
                return a.IsTuple == b.IsTuple && a.Count == b.Count && a.Items.Zip(b.Items).All(pair => Equals(pair.First, pair.Second));
            case (Mapping a, Mapping b):
                return a.Count == b.Count && a.Items.All(item => b.TryGet(item.Key, out object? other) && Equals(item.Value, other));
            case (Range a, Range b):
                return a.Count == b.Count && (a.Count == 0 || (a.Start == b.Start && (a.Count == 1 || a.Step == b.Step)));
            case (MappingView a, MappingView b):
                return a.Kind != "values"
                    && a.Kind == b.Kind
                    && a.Mapping.Count == b.Mapping.Count
                    && a.Items.All(item => Contains(item, b));
            default:
                return x is not null && y is not null && x.Equals(y);
        }
    }

    /// <summary>
    /// Negative, zero or positive, where Python has an order; <paramref name="op"/> names the operator in the error where it has none.
    /// </summary>
    public int Compare(object? x, object? y, string op)
    {
        budget.Step();
        if (Operators.IsNumber(x) && Operators.IsNumber(y))
            return Operators.CompareNumbers(x, y);

        switch (x, y)
        {
            case (Text a, Text b):
                budget.Step(Math.Min(a.Value.Length, b.Value.Length) / 4096);
                return CompareCodePoints(a.Value, b.Value);
            case (Sequence a, Sequence b) when a.IsTuple == b.IsTuple:
                for (int i = 0; i < Math.Min(a.Count, b.Count); i++)
                {
                    if (!Equals(a.Items[i], b.Items[i]))
                        return Compare(a.Items[i], b.Items[i], op);
                }

                return a.Count.CompareTo(b.Count);
            default:
                throw x is Undefined left ? left.Error() : y is Undefined right ? right.Error()
                    : new TemplateException($"'{op}' not supported between instances of '{TypeName.Of(x)}' and '{TypeName.Of(y)}'");
        }
    }

    /// <summary>Whether an order comparison holds; NaN holds none.</summary>
    public bool Ordered(string op, object? x, object? y)
    {
        if ((x is double.NaN && Operators.IsNumber(y)) || (y is double.NaN && Operators.IsNumber(x)))
            return false;

        int order = Compare(x, y, op);
        return op switch { "<" => order < 0, "<=" => order <= 0, ">" => order > 0, _ => order >= 0 };
    }

    public bool Contains(object? item, object? container)
    {
        switch (container)
        {
            case Text text:
                Text part =
                    item as Text ?? throw new TemplateException($"'in <string>' requires string as left operand, not {TypeName.Of(item)}");
                budget.Search(text.Value.Length, part.Value.Length);
                return text.Value.Contains(part.Value, StringComparison.Ordinal);
            case Mapping mapping:
                return mapping.Contains(item);
            case MappingView { Kind: "keys" } view:
                return view.Mapping.Contains(item);
            case Namespace or null or bool or BigInteger or double or Callable:
                throw new TemplateException($"argument of type '{TypeName.Of(container)}' is not iterable");
            default:
                return Iteration.Of(container).Any(other => Equals(item, other));
        }
    }

    public int GetHashCode(object obj)
    {
        budget.Step();
        return obj switch
        {
            bool b => BigInteger.One.GetHashCode() * (b ? 1 : 0),
            BigInteger i => i.IsZero ? 0 : i.GetHashCode(),
            double d => double.IsInteger(d) ? GetHashCode(new BigInteger(d)) : d.GetHashCode(),
            Text text => Paid(text),
            Sequence { IsTuple: true } tuple => tuple.Items.Aggregate(
                tuple.Count,
                (hash, item) => HashCode.Combine(hash, item is null ? 0 : GetHashCode(item))),
            Sequence or Mapping or MappingView => throw new TemplateException($"unhashable type: '{TypeName.Of(obj)}'"),
            _ => obj.GetHashCode(),
        };
    }

    private int Paid(Text text)
    {
        budget.Step(text.Value.Length / 1024);
        return text.GetHashCode();
    }

    // Python orders by code point; UTF-16 units order the same but for surrogates against the characters above them.
    private static int CompareCodePoints(string a, string b)
    {
        int same = a.AsSpan().CommonPrefixLength(b);
        if (same == a.Length || same == b.Length)
            return a.Length.CompareTo(b.Length);

        bool left = char.IsSurrogate(a[same]), right = char.IsSurrogate(b[same]);
        return left == right ? a[same].CompareTo(b[same]) : left ? 1 : -1;
    }
}
