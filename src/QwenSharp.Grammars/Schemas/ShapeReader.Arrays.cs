using System.Globalization;
using System.Text.Json;
using QwenSharp.Grammars.Automata;

namespace QwenSharp.Grammars.Schemas;

internal sealed partial class ShapeReader
{
    private Shape Array(ArrayShape shape) => Any with { Arrays = [shape] };

    private Shape OnlyArray(ArrayShape shape) => None with { Arrays = [shape] };

    private Shape Items(Schema schema, bool positive)
    {
        JsonElement element = schema.Element;
        List<Schema> first = [];
        Schema? rest = null;
        bool hasItems = element.TryGetProperty("items", out JsonElement items);
        string list = element.TryGetProperty("prefixItems", out JsonElement prefix) ? "prefixItems" : "items";
        if (list == "items" && hasItems && items.ValueKind == JsonValueKind.Array)
            prefix = items;
        if (prefix.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in prefix.EnumerateArray())
                first.Add(_document.Child(schema, item, list, first.Count.ToString(CultureInfo.InvariantCulture)));
        }

        if (hasItems && items.ValueKind != JsonValueKind.Array)
            rest = _document.Child(schema, items, "items");
        else if (hasItems && element.TryGetProperty("additionalItems", out JsonElement more))
            rest = _document.Child(schema, more, "additionalItems");
        if (first.Count > 5_000)
            throw new GrammarException(list, schema.Pointer, "it has too many items.");
        if (positive)
        {
            return Array(new ArrayShape
            {
                First = [.. first.Select(item => LiteralsOf(item, true))],
                Rest = rest is null ? Literals.Always : LiteralsOf(rest, true),
                Seen = !_document.TracksEvaluated ? null
                    : rest is not null ? Evaluated.Everything
                    : new Evaluated([], [], first.Count, false),
            });
        }

        List<ArrayShape> violations = [];
        for (int i = 0; i < first.Count; i++)
        {
            int[] literals = LiteralsOf(first[i], false);
            if (literals is not [Literals.False])
                violations.Add(new ArrayShape { Min = i + 1, First = [.. Enumerable.Repeat(Literals.Always, i), literals] });
        }

        if (rest is not null && LiteralsOf(rest, false) is { } not && not is not [Literals.False])
            violations.Add(new ArrayShape { Contains = [new ContainsRule(not, LiteralsOf(rest, true), 1, int.MaxValue, first.Count)] });
        return None with { Arrays = [.. violations] };
    }

    private Shape Contains(Schema schema, JsonElement value, bool positive)
    {
        Schema child = _document.Child(schema, value, "contains");
        int[] literals = LiteralsOf(child, true);
        int[] opposite = LiteralsOf(child, false);
        int min = schema.Element.TryGetProperty("minContains", out JsonElement bound) ? Count(schema, "minContains", bound) : 1;
        int max = schema.Element.TryGetProperty("maxContains", out bound) ? Count(schema, "maxContains", bound) : int.MaxValue;
        if (positive)
        {
            if (_document.TracksEvaluated && HasUnevaluated(_document.Root) && _document.Draft == Draft.Draft2020)
                throw new GrammarException("contains", schema.Pointer, "it is not supported where unevaluatedItems asks about it.");
            return Array(new ArrayShape { Contains = [new ContainsRule(literals, opposite, min, max, 0)] });
        }

        List<ArrayShape> violations = [];
        if (min > 0)
            violations.Add(new ArrayShape { Contains = [new ContainsRule(literals, opposite, 0, min - 1, 0)] });
        if (max < int.MaxValue)
            violations.Add(new ArrayShape { Contains = [new ContainsRule(literals, opposite, max + 1, int.MaxValue, 0)] });
        return None with { Arrays = [.. violations] };
    }
}
