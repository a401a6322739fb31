using System.Numerics;

namespace QwenSharp.Chat.Jinja.Python;

/// <summary>The methods of Python's <c>dict</c> that do not change it.</summary>
internal static class MappingMethods
{
    public static object Find(Mapping mapping, string name) =>
        name switch
        {
            "keys" or "values" or "items" => new BuiltIn(name, (_, a) => a.Bind(name, 0) is var _ ? new MappingView(name, mapping) : null),
            "get" => new BuiltIn(
                name,
                (_, a) => a.Bind("get", 1, "key", "default") is var b && mapping.TryGet(b[0], out object? value) ? value : b.Or(1, null)),
            "copy" => new BuiltIn(name, (_, a) => a.Bind("copy", 0) is var _ ? mapping : null),
            "clear" or "pop" or "popitem" or "setdefault" or "update" => Lookup.Unsafe(mapping, name),
            _ => Absent.Value,
        };
}

/// <summary>The methods of Python's <c>list</c> and <c>tuple</c> that do not change them.</summary>
internal static class SequenceMethods
{
    public static object Find(Sequence sequence, string name) =>
        name switch
        {
            "index" => new BuiltIn(name, (r, a) => IndexOf(r, sequence, a.Bind("index", 1, "value", "start", "stop"))),
            "count" => new BuiltIn(
                name,
                (r, a) =>
                    a.Bind("count", 1, "value")[0] is var wanted
                        ? new BigInteger(sequence.Items.Count(item => r.Comparison.Equals(item, wanted)))
                        : null),
            "grouper" when sequence.IsGroup => sequence.Items[0]!,
            "list" when sequence.IsGroup => sequence.Items[1]!,
            "copy" when !sequence.IsTuple => new BuiltIn(name, (_, a) => a.Bind("copy", 0) is var _ ? sequence : null),
            "append" or "clear" or "pop" or "reverse" or "insert" or "sort" or "extend" or "remove" when !sequence.IsTuple => Lookup.Unsafe(
                sequence,
                name),
            _ => Absent.Value,
        };

    private static object IndexOf(Runtime runtime, Sequence sequence, Bound bound)
    {
        int start = Limit(bound.IntOrNone(1, 0), sequence.Count), stop = Limit(bound.IntOrNone(2, int.MaxValue), sequence.Count);
        for (int i = start; i < stop; i++)
        {
            if (runtime.Comparison.Equals(sequence.Items[i], bound[0]))
                return new BigInteger(i);
        }

        throw new TemplateException($"{Repr.Of(runtime, bound[0])} is not in {(sequence.IsTuple ? "tuple" : "list")}");
    }

    private static int Limit(int index, int count) => Math.Clamp(index < 0 ? index + count : index, 0, count);
}

/// <summary>The few methods of Python's numbers that a template may want.</summary>
internal static class NumberMethods
{
    public static object Find(object number, string name) => (name, number) switch
    {
        ("is_integer", double d) => new BuiltIn(name, (_, a) => a.Bind(name, 0) is var _ && double.IsInteger(d)),
        ("bit_length", not double) => new BuiltIn(name, (_, a) => a.Bind(name, 0) is var _ && Operators.TryInteger(number, out BigInteger i)
            ? new BigInteger((long)BigInteger.Abs(i).GetBitLength()) : null),
        ("real", bool b) => b ? BigInteger.One : BigInteger.Zero,
        ("real", _) => number,
        _ => Absent.Value,
    };
}
