using System.Text.Json;
using QwenSharp.Grammars.Automata;
using QwenSharp.Grammars.Patterns;

namespace QwenSharp.Grammars.Schemas;

internal sealed partial class ShapeReader
{
    private Shape Object(ObjectShape shape) => Any with { Objects = [shape] };

    private Shape OnlyObject(ObjectShape shape) => None with { Objects = [shape] };

    private Shape Members(Schema schema, bool positive)
    {
        JsonElement element = schema.Element;
        Dictionary<string, Schema> named = [];
        List<(Pattern Pattern, Schema Schema)> patterns = [];
        if (element.TryGetProperty("properties", out JsonElement properties))
        {
            if (Map(schema, "properties", properties).GetPropertyCount() > SchemaCompiler.MaxNames)
                throw TooManyNames(schema, "properties");
            foreach (JsonProperty property in properties.EnumerateObject())
                named[property.Name] = _document.Child(schema, property.Value, "properties", property.Name);
        }

        if (element.TryGetProperty("patternProperties", out properties))
        {
            foreach (JsonProperty property in Map(schema, "patternProperties", properties).EnumerateObject())
            {
                patterns.Add((
                    Search(schema, "patternProperties", property.Name),
                    _document.Child(schema, property.Value, "patternProperties", property.Name)));
            }
        }

        Schema? other = element.TryGetProperty("additionalProperties", out JsonElement additional)
            ? _document.Child(schema, additional, "additionalProperties")
            : null;
        NameSet others = new(null, named.Keys.ToHashSet(), [.. patterns.Select(pattern => pattern.Pattern)]);
        if (positive)
        {
            ObjectShape shape = new()
            {
                Named = named.ToDictionary(entry => entry.Key, entry => LiteralsOf(entry.Value, true)),
                Rules =
                [
                    .. patterns.Select(pattern => (NameSet.Of(pattern.Pattern), LiteralsOf(pattern.Schema, true))),
                    .. other is null ? [] : new[] { (others, LiteralsOf(other, true)) },
                ],
                Seen = !_document.TracksEvaluated ? null
                    : other is not null ? Evaluated.Everything
                    : new Evaluated([.. named.Keys], others.NotPatterns, 0, false),
            };
            return Object(shape);
        }

        List<ObjectShape> violations = [];
        foreach ((string name, Schema child) in named)
        {
            int[] literals = LiteralsOf(child, false);
            if (literals != Literals.Never)
                violations.Add(new ObjectShape { Named = { [name] = literals }, Required = [name] });
        }

        foreach ((Pattern pattern, Schema child) in patterns)
            AddViolation(NameSet.Of(pattern), child);
        if (other is not null)
            AddViolation(others, other);
        return None with { Objects = [.. violations] };

        void AddViolation(NameSet names, Schema child)
        {
            int[] literals = LiteralsOf(child, false);
            if (literals is not [Literals.False])
                violations.Add(new ObjectShape { Exists = [(names, literals)] });
        }
    }

    private Shape Required(string[] names, bool positive) =>
        positive
            ? Object(new ObjectShape { Required = [.. names] })
            : None with { Objects = [.. names.Select(Without)] };

    private static ObjectShape Without(string name) => new() { Named = { [name] = Literals.Never } };

    private Shape MemberNames(Schema schema, JsonElement value, bool positive)
    {
        Schema names = _document.Child(schema, value, "propertyNames");
        Pattern pattern = Of(Literal(names, true)).String;
        return positive
            ? Object(new ObjectShape { Names = pattern })
            : OnlyObject(new ObjectShape { Exists = [(NameSet.Of(_pool.Not(pattern)), Literals.Always)] });
    }

    private Shape Dependencies(Schema schema, string keyword, JsonElement value, bool positive)
    {
        Shape result = positive ? Any : None;
        List<(string, string[])> all = [];
        if (Map(schema, keyword, value).GetPropertyCount() > SchemaCompiler.MaxNames)
            throw TooManyNames(schema, keyword);
        foreach (JsonProperty property in value.EnumerateObject())
        {
            string name = property.Name;
            ObjectShape with = new() { Required = [name] };
            if (property.Value.ValueKind is JsonValueKind.Array or JsonValueKind.String)
            {
                string[] needs = property.Value.ValueKind == JsonValueKind.String
                    ? [property.Value.GetString()!]
                    : Names(schema, keyword, property.Value);
                if (positive)
                {
                    all.Add((name, needs));
                }
                else
                {
                    List<ObjectShape> lacking = [.. needs.Select(need => ObjectShape.And(with, Without(need), _pool))];
                    result = Or(result, None with { Objects = Few(lacking) });
                }

                continue;
            }

            Schema then = _document.Child(schema, property.Value, keyword, name);
            result = positive
                ? And(result, Or(And(Object(with), Of(Literal(then, true))), Any with { Objects = [Without(name)] }))
                : Or(result, And(OnlyObject(with), Of(Literal(then, false))));
        }

        return all.Count == 0 ? result : And(result, Object(new ObjectShape { Needs = all }));
    }
}
