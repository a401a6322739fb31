using System.Collections.Frozen;
using System.Numerics;
using QwenSharp.Chat.Jinja.Python;

namespace QwenSharp.Chat.Jinja.Builtins;

/// <summary>The functions that every template can call. <c>lipsum</c> is not here: it is random.</summary>
internal static class Globals
{
    private static readonly FrozenDictionary<string, Callable> ByName = new Callable[]
    {
        new BuiltIn("range", MakeRange),
        new BuiltIn("dict", (r, a) => MakeMapping(r, a)),
        new BuiltIn("namespace", (r, a) => new Namespace(MakeMapping(r, a))),
        new BuiltIn(
            "cycler",
            (_, a) =>
                a.Positional.Count > 0 ? new Cycler(a.Positional) : throw new TemplateException("at least one item has to be provided")),
        new BuiltIn("joiner", (_, a) => new Joiner(a.Bind("joiner", 0, "sep").Or(0, Text.FromTemplate(", ")))),
        new BuiltIn(
            "raise_exception",
            (r, a) => throw new TemplateException(Repr.ToText(r, a.Bind("raise_exception", 1, "message")[0]).Value)),
        new BuiltIn(
            "strftime_now",
            (r, a) =>
                a.Bind("strftime_now", 1, "format").Text(0) is var format ? Text.From(Strftime.Format(r.Clock, format.Value), format) : null
        ),
    }.ToFrozenDictionary(function => function.Name);

    public static Callable? Find(string name) => ByName.GetValueOrDefault(name);

    private static object MakeRange(Runtime runtime, Arguments arguments)
    {
        Bound bound = arguments.Bind("range", 1, "start", "stop", "step");
        BigInteger[] numbers = new BigInteger[3];
        for (int i = 0; i < 3; i++)
        {
            if (!Operators.TryInteger(bound.Or(i, BigInteger.One), out numbers[i]))
            {
                throw bound[i] is Undefined undefined
                    ? undefined.Error()
                    : new TemplateException($"'{TypeName.Of(bound[i])}' object cannot be interpreted as an integer");
            }
        }

        (BigInteger start, BigInteger stop, BigInteger step) = bound.Has(1) ? (numbers[0], numbers[1], numbers[2]) : (0, numbers[0], 1);
        if (step.IsZero)
            throw new TemplateException("range() arg 3 must not be zero");

        if ((stop - start) / step > runtime.Budget.Limits.RangeLength)
        {
            throw new TemplateException(
                $"Range too big. The sandbox blocks ranges larger than MAX_RANGE ({runtime.Budget.Limits.RangeLength}).");
        }

        return new Range(start, stop, step);
    }

    private static Mapping MakeMapping(Runtime runtime, Arguments arguments)
    {
        Mapping mapping = runtime.NewMapping();
        switch (arguments.Positional)
        {
            case []:
                break;
            case [Mapping source]:
                Copy(runtime, new MappingView("items", source).Items, mapping);
                break;
            case [var pairs]:
                Copy(runtime, Iteration.Of(pairs), mapping);
                break;
            default:
                throw new TemplateException($"dict expected at most 1 argument, got {arguments.Positional.Count}");
        }

        foreach ((string name, object? value) in arguments.Named)
            mapping[Text.FromTemplate(name)] = value;

        return mapping;
    }

    private static void Copy(Runtime runtime, IEnumerable<object?> pairs, Mapping target)
    {
        foreach (object? pair in pairs)
        {
            runtime.Budget.AllocateItems(2);
            List<object?> parts = [.. Iteration.Of(pair).Take(3)];
            target[parts[0]] =
                parts.Count == 2
                    ? parts[1]
                    : throw new TemplateException($"dictionary update sequence element has length {parts.Count}; 2 is required");
        }
    }

    private sealed class Cycler(IReadOnlyList<object?> items) : Callable("cycler")
    {
        private int _next;

        public override object? Call(Runtime runtime, Arguments arguments) =>
            throw new TemplateException("'Cycler' object is not callable");

        public override object? Attribute(string name) => name switch
        {
            "current" => items[_next],
            "next" => new BuiltIn(name, (_, _) =>
            {
                object? current = items[_next];
                _next = (_next + 1) % items.Count;
                return current;
            }),
            "reset" => new BuiltIn(name, (_, _) =>
            {
                _next = 0;
                return null;
            }),
            _ => Absent.Value,
        };
    }

    private sealed class Joiner(object? separator) : Callable("joiner")
    {
        private bool _used;

        public override object? Call(Runtime runtime, Arguments arguments)
        {
            object? joint = _used ? separator : Text.Empty;
            _used = true;
            return joint;
        }
    }
}
