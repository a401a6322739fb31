using QwenSharp.Chat.Jinja.Python;

namespace QwenSharp.Chat.Jinja.Builtins;

/// <summary>Filters that apply another filter or a test to each item, lazily.</summary>
internal static class SelectionFilters
{
    public static IReadOnlyDictionary<string, Filter> All { get; } = new Dictionary<string, Filter>
    {
        ["map"] = Map,
        ["select"] = (r, value, a) => Select(r, value, a, "select", keep: true, byAttribute: false),
        ["reject"] = (r, value, a) => Select(r, value, a, "reject", keep: false, byAttribute: false),
        ["selectattr"] = (r, value, a) => Select(r, value, a, "selectattr", keep: true, byAttribute: true),
        ["rejectattr"] = (r, value, a) => Select(r, value, a, "rejectattr", keep: false, byAttribute: true),
    };

    private static Generator Map(Runtime runtime, object? value, Arguments arguments)
    {
        if (arguments.Positional.Count == 0 && arguments.Named.Any(named => named.Key == "attribute"))
        {
            Bound bound = arguments.Bind("map", 0, "attribute", "default");
            return new Generator("sync_do_map", Each(runtime, value, KeyPath.Getter(runtime, bound[0], lower: false, bound.Or(1, null))));
        }

        if (arguments.Positional is not [Text name, ..])
            throw new TemplateException("map requires a filter argument");

        Arguments rest = arguments.Skip(1);
        return new Generator("sync_do_map", Each(runtime, value, item => Filters.Apply(runtime, name.Value, item, rest)));
    }

    private static Generator Select(Runtime runtime, object? value, Arguments arguments, string name, bool keep, bool byAttribute)
    {
        Func<object?, object?> subject = item => item;
        if (byAttribute)
        {
            subject = arguments.Positional.Count > 0 ? KeyPath.Getter(runtime, arguments.Positional[0], lower: false)
                : throw new TemplateException("Missing parameter for attribute name");
            arguments = arguments.Skip(1);
        }

        Func<object?, bool> test = Truth.Of;
        if (arguments.Positional.Count > 0)
        {
            Arguments rest = arguments.Skip(1);
            string testName = (arguments.Positional[0] as Text ?? throw new TemplateException($"{name} wants the name of a test")).Value;
            test = item => Tests.Apply(runtime, testName, item, rest);
        }

        return new Generator("select_or_reject", Each(runtime, value, item => item).Where(item => test(subject(item)) == keep));
    }

    private static IEnumerable<object?> Each(Runtime runtime, object? value, Func<object?, object?> map)
    {
        // Jinja walks nothing that is false, such as None.
        if (!Truth.Of(value))
            yield break;

        foreach (object? item in Iteration.Of(value))
        {
            runtime.Budget.Step();
            yield return map(item);
        }
    }
}
