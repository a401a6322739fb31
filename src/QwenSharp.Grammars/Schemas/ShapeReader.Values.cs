using System.Text.Json;
using QwenSharp.Grammars.Automata;
using QwenSharp.Grammars.Patterns;

namespace QwenSharp.Grammars.Schemas;

internal sealed partial class ShapeReader
{
    private Shape Type(Schema schema, JsonElement value, bool positive)
    {
        Shape shape = None;
        foreach (JsonElement name in value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : new[] { value })
        {
            string? text = name.ValueKind == JsonValueKind.String ? name.GetString() : null;
            shape = text switch
            {
                "null" => shape with { Null = true },
                "boolean" => shape with { True = true, False = true },
                "number" => shape with { Number = NumberSet.All },
                "integer" => shape with
                {
                    Number = NumberSet.Or(shape.Number, _document.Draft <= Draft.Draft4 ? new NumberSet.PlainWhole() : NumberSet.Whole),
                },
                "string" => shape with { String = _pool.Everything },
                "object" => shape with { Objects = [ObjectShape.Any] },
                "array" => shape with { Arrays = [ArrayShape.Any] },
                "any" when _document.Draft == Draft.Draft3 => Any,
                _ => throw new GrammarException("type", schema.Pointer, $"{name.GetRawText()} is no type."),
            };
        }

        return positive ? shape : Opposite(shape);
    }

    /// <summary>The opposite of a shape that takes all objects or none, and all arrays or none.</summary>
    private Shape Opposite(Shape shape) => new()
    {
        Null = !shape.Null,
        True = !shape.True,
        False = !shape.False,
        Number = NumberSet.Not(shape.Number),
        String = _pool.Not(shape.String),
        Objects = shape.Objects.Length == 0 ? [ObjectShape.Any] : [],
        Arrays = shape.Arrays.Length == 0 ? [ArrayShape.Any] : [],
    };

    private Shape Constants(Schema schema, string keyword, JsonElement[] values, bool positive)
    {
        if (values.Length > 50_000)
            throw new GrammarException(keyword, schema.Pointer, "it has too many values.");
        Shape shape = None;
        List<string> texts = [];
        List<NumberSet> numbers = [];
        List<Schema> containers = [];
        foreach (JsonElement value in values)
        {
            switch (value.ValueKind)
            {
                case JsonValueKind.Null:
                    shape = shape with { Null = true };
                    break;
                case JsonValueKind.True:
                    shape = shape with { True = true };
                    break;
                case JsonValueKind.False:
                    shape = shape with { False = true };
                    break;
                case JsonValueKind.String:
                    texts.Add(value.GetString()!);
                    break;
                case JsonValueKind.Number:
                    numbers.Add(NumberSet.EqualTo(Exact(schema, keyword, value)));
                    break;
                default:
                    if (containers.Count == MaxAlternatives)
                    {
                        throw new GrammarException(
                            keyword, schema.Pointer, $"it has more than {MaxAlternatives} objects and arrays.");
                    }

                    containers.Add(Constant(schema, value));
                    break;
            }
        }

        shape = shape with { String = _pool.Texts(texts), Number = Any1(numbers, 0, numbers.Count) };
        shape = positive ? shape : Opposite(shape);
        foreach (Schema container in containers)
        {
            Shape one = Of(Literal(container, positive));
            shape = positive ? Or(shape, one) : And(shape, one);
        }

        return shape;
    }

    /// <summary>A balanced tree of alternatives, so that long lists stay shallow.</summary>
    private static NumberSet Any1(List<NumberSet> sets, int from, int to) =>
        to - from <= 1 ? from == to ? NumberSet.None : sets[from]
        : NumberSet.Or(Any1(sets, from, (from + to) / 2), Any1(sets, (from + to) / 2, to));

    /// <summary>A schema that only one object or array fits.</summary>
    private Schema Constant(Schema schema, JsonElement value)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartObject();
            if (value.ValueKind == JsonValueKind.Object)
            {
                Dictionary<string, JsonElement> members = [];
                foreach (JsonProperty member in value.EnumerateObject())
                    members[member.Name] = member.Value;
                json.WriteString("type", "object");
                json.WriteStartObject("properties");
                foreach ((string name, JsonElement member) in members)
                {
                    json.WritePropertyName(name);
                    WriteConstant(json, member);
                }

                json.WriteEndObject();
                json.WriteStartArray("required");
                foreach (string name in members.Keys)
                    json.WriteStringValue(name);
                json.WriteEndArray();
                json.WriteBoolean("additionalProperties", false);
            }
            else
            {
                json.WriteString("type", "array");
                json.WriteNumber("minItems", value.GetArrayLength());
                json.WriteNumber("maxItems", value.GetArrayLength());
                json.WriteStartArray("prefixItems");
                foreach (JsonElement item in value.EnumerateArray())
                    WriteConstant(json, item);
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        return _document.Synthetic(System.Text.Encoding.UTF8.GetString(stream.ToArray()), schema.Pointer);
    }

    private static void WriteConstant(Utf8JsonWriter json, JsonElement value)
    {
        json.WriteStartObject();
        json.WriteStartArray("enum");
        value.WriteTo(json);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private Shape Bound(Schema schema, string keyword, JsonElement value, bool positive)
    {
        bool isMinimum = keyword.EndsWith("inimum", StringComparison.Ordinal);
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False && keyword.StartsWith('e'))
            return positive ? Any : None;
        ExactDecimal bound = Exact(schema, keyword, value);
        bool isOpen = keyword.StartsWith('e')
            || (schema.Element.TryGetProperty(isMinimum ? "exclusiveMinimum" : "exclusiveMaximum", out JsonElement flag)
                && flag.ValueKind == JsonValueKind.True);
        return Numbers(isMinimum ? NumberSet.Above(bound, !isOpen) : NumberSet.Below(bound, !isOpen), positive);
    }

    private static NumberSet Multiple(Schema schema, string keyword, JsonElement value)
    {
        ExactDecimal of = Exact(schema, keyword, value);
        return of.Sign > 0 ? new NumberSet.Multiple(of) : throw new GrammarException(keyword, schema.Pointer, "it must be above zero.");
    }

    private Shape Numbers(NumberSet set, bool positive) =>
        positive ? Any with { Number = set } : None with { Number = NumberSet.Not(set) };

    private Shape Strings(Pattern pattern, bool positive) =>
        positive ? Any with { String = pattern } : None with { String = _pool.Not(pattern) };
}
