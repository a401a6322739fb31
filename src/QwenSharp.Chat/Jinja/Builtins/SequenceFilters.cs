using System.Numerics;
using QwenSharp.Chat.Jinja.Python;

namespace QwenSharp.Chat.Jinja.Builtins;

/// <summary>Filters that take sequences and dicts as they are.</summary>
internal static class SequenceFilters
{
    public static IReadOnlyDictionary<string, Filter> All { get; } =
        new Dictionary<string, Filter>
        {
            ["attr"] = (r, value, a) => Lookup.AttributeOnly(r, value, a.Bind("attr", 1, "name").Text(0)),
            ["batch"] = (r, value, a) => new Generator("do_batch", Batch(r, value, a.Bind("batch", 1, "linecount", "fill_with"))),
            ["count"] = Length,
            ["d"] = Default,
            ["default"] = Default,
            ["dictsort"] = DictSort,
            ["first"] = (_, value, a) =>
                a.Bind("first", 0) is var _ && Iteration.Of(value).FirstOrDefault(Absent.Value) is var first and not Absent
                    ? first
                    : new Undefined("No first item, sequence was empty."),
            ["groupby"] = GroupBy,
            ["items"] = (_, value, a) => a.Bind("items", 0) is var _ ? new Generator("do_items", Items(value)) : null,
            ["join"] = (r, value, a) =>
                a.Bind("join", 0, "d", "attribute") is var b
                    ? StringMethods.Join(
                        r,
                        Repr.ToText(r, b.Or(0, Text.Empty)),
                        b.Or(1, null) is null ? Iteration.Of(value) : Iteration.Of(value).Select(KeyPath.Getter(r, b[1], lower: false)),
                        strict: false)
                    : null,
            ["last"] = (r, value, a) =>
                a.Bind("last", 0) is var _ && Reversed(r, value).FirstOrDefault(Absent.Value) is var last and not Absent
                    ? last
                    : new Undefined("No last item, sequence was empty."),
            ["length"] = Length,
            ["list"] = (r, value, a) => a.Bind("list", 0) is var _ ? new Sequence(Iteration.ToList(r, value)) : null,
            ["max"] = (r, value, a) => Extreme(r, value, a.Bind("max", 0, "case_sensitive", "attribute"), 1),
            ["min"] = (r, value, a) => Extreme(r, value, a.Bind("min", 0, "case_sensitive", "attribute"), -1),
            ["reverse"] = (r, value, a) =>
                a.Bind("reverse", 0) is var _ && value is Text text
                    ? Slicing.Of(r, text, null, null, BigInteger.MinusOne)
                    : new Generator("reversed", Reversed(r, value is Generator ? new Sequence(Iteration.ToList(r, value)) : value)),
            ["slice"] = (r, value, a) => new Generator("sync_do_slice", Slices(r, value, a.Bind("slice", 1, "slices", "fill_with"))),
            ["sort"] = Sort,
            ["sum"] = Sum,
            ["unique"] = (r, value, a) =>
                a.Bind("unique", 0, "case_sensitive", "attribute") is var b
                    ? new Generator(
                        "sync_do_unique",
                        Iteration.Of(value).DistinctBy(KeyPath.Getter(r, b.Or(1, null), lower: !b.Is(0)), new NullKeys(r.Comparison)))
                    : null,
        };

    private static object Length(Runtime runtime, object? value, Arguments arguments)
    {
        arguments.Bind("length", 0);
        return Iteration.Length(value);
    }

    private static object? Default(Runtime runtime, object? value, Arguments arguments)
    {
        Bound bound = arguments.Bind("default", 0, "default_value", "boolean");
        return value is Undefined || (bound.Is(1) && !Truth.Of(value)) ? bound.Or(0, Text.Empty) : value;
    }

    private static IEnumerable<object?> Items(object? value) => value switch
    {
        Undefined => [],
        Mapping mapping => new MappingView("items", mapping).Items,
        _ => throw new TemplateException("Can only get item pairs from a mapping."),
    };

    private static object DictSort(Runtime runtime, object? value, Arguments arguments)
    {
        Bound bound = arguments.Bind("dictsort", 0, "case_sensitive", "by", "reverse");
        int part = (bound.Or(1, null) as Text)?.Value switch
        {
            null when !bound.Has(1) => 0,
            "key" => 0,
            "value" => 1,
            _ => throw new TemplateException("You can only sort by either \"key\" or \"value\""),
        };
        Mapping mapping =
            value as Mapping
            ?? throw (
                value is Undefined undefined
                    ? undefined.Error()
                    : new TemplateException($"'{TypeName.Of(value)}' object has no attribute 'items'"));
        bool lower = !bound.Is(0);
        return new Sequence(
            Sorting.By(
                runtime,
                new MappingView("items", mapping).Items,
                item => KeyPath.Lower(((Sequence)item!).Items[part], lower),
                bound.Is(2)));
    }

    private static object Sort(Runtime runtime, object? value, Arguments arguments)
    {
        Bound bound = arguments.Bind("sort", 0, "reverse", "case_sensitive", "attribute");
        return new Sequence(
            Sorting.By(runtime, Iteration.Of(value), KeyPath.MultiGetter(runtime, bound.Or(2, null), lower: !bound.Is(1)), bound.Is(0)));
    }

    private static object GroupBy(Runtime runtime, object? value, Arguments arguments)
    {
        Bound bound = arguments.Bind("groupby", 1, "attribute", "default", "case_sensitive");
        bool exact = bound.Is(2);
        Func<object?, object?> key = KeyPath.Getter(runtime, bound[0], lower: !exact, bound.Or(1, null));
        Func<object?, object?> shown = KeyPath.Getter(runtime, bound[0], lower: false, bound.Or(1, null));
        List<object?> groups = [];
        List<object?> members = [];
        object? current = Absent.Value;
        foreach (object? item in Sorting.By(runtime, Iteration.Of(value), key, reverse: false))
        {
            object? own = key(item);
            if (current is Absent || !runtime.Comparison.Equals(current, own))
            {
                members = [];
                groups.Add(new Sequence([shown(item), new Sequence(members)], isTuple: true) { IsGroup = true });
                current = own;
            }

            members.Add(item);
        }

        return new Sequence(groups);
    }

    private static IEnumerable<object?> Reversed(Runtime runtime, object? value) => value switch
    {
        Generator or Undefined => throw new TemplateException($"'{TypeName.Of(value)}' object is not reversible"),
        _ => Iteration.ToList(runtime, value).AsEnumerable().Reverse(),
    };

    private static object? Extreme(Runtime runtime, object? value, Bound bound, int sign)
    {
        Func<object?, object?> key = KeyPath.Getter(runtime, bound.Or(1, null), lower: !bound.Is(0));
        object? best = Absent.Value, bestKey = null;
        foreach (object? item in Iteration.Of(value))
        {
            object? own = key(item);
            if (best is Absent || runtime.Comparison.Ordered(sign > 0 ? ">" : "<", own, bestKey))
                (best, bestKey) = (item, own);
        }

        return best is Absent ? new Undefined("No aggregated item, sequence was empty.") : best;
    }

    private static object? Sum(Runtime runtime, object? value, Arguments arguments)
    {
        Bound bound = arguments.Bind("sum", 0, "attribute", "start");
        object? total = bound.Or(1, BigInteger.Zero);
        if (total is Text)
            throw new TemplateException("sum() can't sum strings [use ''.join(seq) instead]");

        Func<object?, object?> item = KeyPath.Getter(runtime, bound.Or(0, null), lower: false);
        return Iteration.Of(value).Aggregate(total, (sum, next) => Operators.Binary(runtime, "+", sum, item(next)));
    }

    private static IEnumerable<object?> Batch(Runtime runtime, object? value, Bound bound)
    {
        int size = bound.Int(0);
        List<object?> batch = [];
        foreach (object? item in Iteration.Of(value))
        {
            if (batch.Count == size)
            {
                yield return new Sequence(batch);
                batch = [];
            }

            runtime.Budget.AllocateItems(1);
            batch.Add(item);
        }

        if (batch.Count > 0)
        {
            if (bound.Or(1, null) is object filler && batch.Count < size)
            {
                runtime.Budget.AllocateItems(size - batch.Count);
                batch.AddRange(Enumerable.Repeat(filler, size - batch.Count));
            }

            yield return new Sequence(batch);
        }
    }

    private static IEnumerable<object?> Slices(Runtime runtime, object? value, Bound bound)
    {
        List<object?> items = Iteration.ToList(runtime, value);
        int slices = bound.Int(0);
        if (slices == 0)
            throw new TemplateException("integer division or modulo by zero");

        (int each, int extra) = slices < 0 ? (0, 0) : Math.DivRem(items.Count, slices);
        for (int slice = 0, start = 0; slice < slices; slice++)
        {
            int count = each + (slice < extra ? 1 : 0);
            runtime.Budget.AllocateItems(count + 1);
            List<object?> part = items.GetRange(start, count);
            start += count;
            if (slice >= extra && bound.Or(1, null) is object filler)
                part.Add(filler);

            yield return new Sequence(part);
        }
    }

    // DistinctBy hands null keys to its comparer, which Python's None allows.
    private sealed class NullKeys(Comparison comparison) : IEqualityComparer<object?>
    {
        public new bool Equals(object? x, object? y) => comparison.Equals(x, y);

        public int GetHashCode(object? obj) => obj is null ? 0 : comparison.GetHashCode(obj);
    }
}
