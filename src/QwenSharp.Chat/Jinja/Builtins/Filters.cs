using System.Collections.Frozen;
using QwenSharp.Chat.Jinja.Python;

namespace QwenSharp.Chat.Jinja.Builtins;

/// <summary>A filter: <c>value | name(arguments)</c>.</summary>
internal delegate object? Filter(Runtime runtime, object? value, Arguments arguments);

/// <summary>
/// The filters by name: Jinja's own, with transformers' <c>tojson</c>. Not here, and an error by name: <c>random</c>, which would make a
/// prompt
/// differ from one time to the next, and <c>urlize</c>, <c>xmlattr</c>, <c>striptags</c>, which are for web pages.
/// </summary>
internal static class Filters
{
    private static readonly FrozenDictionary<string, Filter> ByName = new[]
    {
        TextFilters.All,
        SequenceFilters.All,
        SelectionFilters.All,
        NumberFilters.All,
    }
        .SelectMany(filters => filters)
        .ToFrozenDictionary();

    public static bool Exists(string name) => ByName.ContainsKey(name);

    public static object? Apply(Runtime runtime, string name, object? value, Arguments arguments) =>
        ByName.TryGetValue(name, out Filter? filter)
            ? filter(runtime, value, arguments)
            : throw new TemplateException($"No filter named {Repr.Quote(name)}.");
}
