using System.Collections.Frozen;
using System.Numerics;
using QwenSharp.Chat.Jinja.Python;

namespace QwenSharp.Chat.Jinja.Builtins;

/// <summary>The tests by name: <c>value is name(arguments)</c>.</summary>
internal static class Tests
{
    private static readonly FrozenDictionary<string, Func<Runtime, object?, Arguments, bool>> ByName = new Dictionary<
        string,
        Func<Runtime, object?, Arguments, bool>
    >
    {
        ["defined"] = Plain("defined", value => value is not Undefined),
        ["undefined"] = Plain("undefined", value => value is Undefined),
        ["none"] = Plain("none", value => value is null),
        ["boolean"] = Plain("boolean", value => value is bool),
        ["true"] = Plain("true", value => value is true),
        ["false"] = Plain("false", value => value is false),
        ["integer"] = Plain("integer", value => value is BigInteger),
        ["float"] = Plain("float", value => value is double),
        ["number"] = Plain("number", Operators.IsNumber),
        ["string"] = Plain("string", value => value is Text),
        ["mapping"] = Plain("mapping", value => value is Mapping),
        ["sequence"] = Plain("sequence", Lookup.IsSequence),
        ["iterable"] = Plain("iterable", Iteration.Can),
        ["callable"] = Plain("callable", value => value is Callable or Undefined),
        ["escaped"] = Plain("escaped", value => value is Text { IsMarkup: true }),
        ["lower"] = (r, value, a) => a.Bind("lower", 0) is var _ && StringMethods.IsLower(Repr.ToText(r, value).Value),
        ["upper"] = (r, value, a) => a.Bind("upper", 0) is var _ && StringMethods.IsUpper(Repr.ToText(r, value).Value),
        ["odd"] = (r, value, a) => a.Bind("odd", 0) is var _ && Remainder(r, value, new BigInteger(2), 1),
        ["even"] = (r, value, a) => a.Bind("even", 0) is var _ && Remainder(r, value, new BigInteger(2), 0),
        ["divisibleby"] = (r, value, a) => Remainder(r, value, a.Bind("divisibleby", 1, "num")[0], 0),
        ["sameas"] = (_, value, a) => Same(value, a.Bind("sameas", 1, "other")[0]),
        ["in"] = (r, value, a) => r.Comparison.Contains(value, a.Bind("in", 1, "seq")[0]),
        ["filter"] = Plain("filter", value => value is Text name && Filters.Exists(name.Value)),
        ["test"] = Plain("test", value => value is Text name && Exists(name.Value)),
    }.Concat(Comparisons(["==", "eq", "equalto"], (c, x, y) => c.Equals(x, y)))
        .Concat(Comparisons(["!=", "ne"], (c, x, y) => !c.Equals(x, y)))
        .Concat(Comparisons(["<", "lt", "lessthan"], (c, x, y) => c.Ordered("<", x, y)))
        .Concat(Comparisons(["<=", "le"], (c, x, y) => c.Ordered("<=", x, y)))
        .Concat(Comparisons([">", "gt", "greaterthan"], (c, x, y) => c.Ordered(">", x, y)))
        .Concat(Comparisons([">=", "ge"], (c, x, y) => c.Ordered(">=", x, y)))
        .ToFrozenDictionary();

    public static bool Exists(string name) => ByName.ContainsKey(name);

    public static bool Apply(Runtime runtime, string name, object? value, Arguments arguments) =>
        ByName.TryGetValue(name, out Func<Runtime, object?, Arguments, bool>? test)
            ? test(runtime, value, arguments)
            : throw new TemplateException($"No test named {Repr.Quote(name)}.");

    private static Func<Runtime, object?, Arguments, bool> Plain(string name, Func<object?, bool> test) =>
        (_, value, arguments) => arguments.Bind(name, 0) is var _ && test(value);

    private static IEnumerable<KeyValuePair<string, Func<Runtime, object?, Arguments, bool>>> Comparisons(
        string[] names,
        Func<Comparison, object?, object?, bool> holds
    ) =>
        names.Select(name =>
            KeyValuePair.Create<string, Func<Runtime, object?, Arguments, bool>>(
                name,
                (r, value, a) => holds(r.Comparison, value, a.Bind(name, 1, "other")[0])));

    private static bool Remainder(Runtime runtime, object? value, object? divisor, int expected) =>
        runtime.Comparison.Equals(Operators.Binary(runtime, "%", value, divisor), new BigInteger(expected));

    // Small integers are one object to Python; strings, floats and containers are the same only if they are one value passed along.
    private static bool Same(object? x, object? y) =>
        (x, y) is (BigInteger, BigInteger) or (bool, bool) ? x!.Equals(y) : ReferenceEquals(x, y);
}
