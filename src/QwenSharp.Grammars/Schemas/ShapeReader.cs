using System.Globalization;
using System.Numerics;
using System.Text.Json;
using QwenSharp.Grammars.Automata;
using QwenSharp.Grammars.Patterns;

namespace QwenSharp.Grammars.Schemas;

/// <summary>
/// Turns schemas, and their opposites, into shapes. All of JSON Schema's logic is done here: what is left is, for each type, a set of
/// values that an automaton can follow.
/// </summary>
internal sealed class ShapeReader
{
    private const int MaxAlternatives = 768;
    private const int MaxWork = 40_000;
    private const int MaxDepth = 160;

    private readonly SchemaDocument _document;
    private readonly PatternPool _pool;
    private readonly Dictionary<int, Shape> _known = [];
    private readonly HashSet<int> _reading = [];
    private readonly Dictionary<string, bool> _empty = [];
    private readonly HashSet<string> _testing = [];
    private (string Keyword, string Pointer) _at = ("schema", "");
    private int _work;
    private int _depth;

    public ShapeReader(SchemaDocument document, PatternPool pool)
    {
        _document = document;
        _pool = pool;
        Any = new Shape
        {
            Null = true,
            True = true,
            False = true,
            Number = NumberSet.All,
            String = pool.Everything,
            Objects = [ObjectShape.Any],
            Arrays = [ArrayShape.Any],
        };
        None = new Shape
        {
            Null = false,
            True = false,
            False = false,
            Number = NumberSet.None,
            String = pool.Nothing,
            Objects = [],
            Arrays = [],
        };
    }

    public Shape Any { get; }

    public Shape None { get; }

    /// <summary>The shape of a conjunction of literals.</summary>
    public Shape Of(int[] literals)
    {
        Shape shape = Any;
        foreach (int literal in literals)
            shape = And(shape, Of(literal));
        return shape;
    }

    /// <summary>The shape of a schema, or of its opposite.</summary>
    public Shape Of(int literal)
    {
        if (literal == Literals.True)
            return Any;
        if (literal == Literals.False)
            return None;
        if (_known.TryGetValue(literal, out Shape? known))
            return known;
        Schema schema = _document[literal >> 1];
        if (!_reading.Add(literal))
            throw new GrammarException("$ref", schema.Pointer, "it leads back to itself.");
        (string, string) before = _at;
        try
        {
            if (++_depth > MaxDepth)
                throw new GrammarException("$ref", schema.Pointer, "schemas refer to each other too deeply.");
            return _known[literal] = (literal & 1) == 0 ? Positive(schema) : Unseen(Negative(schema));
        }
        finally
        {
            _at = before;
            _depth--;
            _reading.Remove(literal);
        }
    }

    private Shape Positive(Schema schema)
    {
        if (schema.Element.ValueKind == JsonValueKind.False)
            return None;
        Shape result = Any;
        foreach ((string keyword, Func<bool, Shape> piece) in Pieces(schema))
        {
            _at = (keyword, schema.Pointer);
            result = And(result, piece(true));
        }

        return Unevaluated(schema, result, true) ?? result;
    }

    private Shape Negative(Schema schema)
    {
        if (schema.Element.ValueKind == JsonValueKind.False)
            return Any;
        Shape result = None;
        Shape all = Any;
        bool asks = HasUnevaluated(schema);
        foreach ((string keyword, Func<bool, Shape> piece) in Pieces(schema))
        {
            _at = (keyword, schema.Pointer);
            result = Or(result, piece(false));
            if (asks)
                all = And(all, piece(true));
        }

        return asks ? Or(result, Unevaluated(schema, all, false)!) : result;
    }

    private static bool HasUnevaluated(Schema schema) =>
        schema.Element.TryGetProperty("unevaluatedProperties", out _) || schema.Element.TryGetProperty("unevaluatedItems", out _);

    /// <summary>The keywords of a schema, each as what makes its shape or the opposite.</summary>
    private List<(string Keyword, Func<bool, Shape> Piece)> Pieces(Schema schema)
    {
        JsonElement element = schema.Element;
        List<(string, Func<bool, Shape>)> pieces = [];
        bool hasReference = element.TryGetProperty("$ref", out JsonElement reference) && reference.ValueKind == JsonValueKind.String;
        if (hasReference)
        {
            pieces.Add(("$ref", positive => Of(Literal(_document.Resolve(schema, reference.GetString()!, "$ref"), positive))));
            if (_document.Draft <= Draft.Draft7)
                return pieces;
        }

        bool hasMembers = false;
        bool hasItems = false;
        foreach (JsonProperty property in element.EnumerateObject())
        {
            JsonElement value = property.Value;
            string keyword = property.Name;
            switch (keyword)
            {
                case "type":
                    pieces.Add((keyword, positive => Type(schema, value, positive)));
                    break;
                case "const" when _document.Draft > Draft.Draft4:
                    pieces.Add((keyword, positive => Constants(schema, keyword, [value], positive)));
                    break;
                case "enum":
                    pieces.Add((keyword, positive => Constants(schema, keyword, List(schema, keyword, value), positive)));
                    break;
                case "minimum" or "maximum" or "exclusiveMinimum" or "exclusiveMaximum":
                    pieces.Add((keyword, positive => Bound(schema, keyword, value, positive)));
                    break;
                case "multipleOf" or "divisibleBy" when keyword == "multipleOf" || _document.Draft == Draft.Draft3:
                    pieces.Add((keyword, positive => Numbers(Multiple(schema, keyword, value), positive)));
                    break;
                case "minLength":
                    int least = Count(schema, keyword, value);
                    pieces.Add((keyword, positive => Strings(_pool.Repeat(_pool.Any, least, Pattern.Unbounded), positive)));
                    break;
                case "maxLength":
                    int most = Count(schema, keyword, value);
                    pieces.Add((keyword, positive => Strings(_pool.Repeat(_pool.Any, 0, most), positive)));
                    break;
                case "pattern":
                    pieces.Add((keyword, positive => Strings(Search(schema, keyword, Text(schema, keyword, value)), positive)));
                    break;
                case "format" when value.ValueKind == JsonValueKind.String:
                    string format = value.GetString()!;
                    if (Formats.IsRefused(format))
                        throw new GrammarException(keyword, schema.Pointer, $"\"{format}\" cannot be enforced.");
                    if (Formats.Of(format) is { } expression)
                        pieces.Add((keyword, positive => Strings(PatternParser.Whole(_pool, expression, schema.Pointer), positive)));
                    break;
                case "properties" or "patternProperties" or "additionalProperties" when !hasMembers:
                    hasMembers = true;
                    pieces.Add((keyword, positive => Members(schema, positive)));
                    break;
                case "required":
                    pieces.Add((keyword, positive => Required(Names(schema, keyword, value), positive)));
                    break;
                case "propertyNames":
                    pieces.Add((keyword, positive => MemberNames(schema, value, positive)));
                    break;
                case "minProperties":
                    int fewest = Count(schema, keyword, value);
                    pieces.Add((keyword, positive => positive ? Object(new ObjectShape { Min = fewest }) : fewest == 0 ? None
                        : OnlyObject(new ObjectShape { Max = fewest - 1 })));
                    break;
                case "maxProperties":
                    int upTo = Count(schema, keyword, value);
                    pieces.Add((keyword, positive =>
                        positive ? Object(new ObjectShape { Max = upTo }) : OnlyObject(new ObjectShape { Min = upTo + 1 })));
                    break;
                case "dependentRequired" or "dependentSchemas" or "dependencies":
                    pieces.Add((keyword, positive => Dependencies(schema, keyword, value, positive)));
                    break;
                case "prefixItems" or "items" or "additionalItems" when !hasItems:
                    hasItems = true;
                    pieces.Add((keyword, positive => Items(schema, positive)));
                    break;
                case "contains":
                    pieces.Add((keyword, positive => Contains(schema, value, positive)));
                    break;
                case "minItems":
                    int few = Count(schema, keyword, value);
                    pieces.Add((keyword, positive => positive ? Array(new ArrayShape { Min = few }) : few == 0 ? None
                        : OnlyArray(new ArrayShape { Max = few - 1 })));
                    break;
                case "maxItems":
                    int many = Count(schema, keyword, value);
                    pieces.Add((keyword, positive =>
                        positive ? Array(new ArrayShape { Max = many }) : OnlyArray(new ArrayShape { Min = many + 1 })));
                    break;
                case "uniqueItems" when value.ValueKind == JsonValueKind.True:
                    pieces.Add((keyword, positive => positive
                        ? Array(new ArrayShape { UniqueAt = schema.Pointer })
                        : throw new GrammarException(keyword, schema.Pointer, "its opposite cannot be enforced.")));
                    break;
                case "allOf":
                    pieces.Add((keyword, positive => All(Branches(schema, keyword, value), positive)));
                    break;
                case "anyOf":
                    pieces.Add((keyword, positive => AnyOf(Branches(schema, keyword, value), positive)));
                    break;
                case "oneOf":
                    pieces.Add((keyword, positive => OneOf(Branches(schema, keyword, value), positive)));
                    break;
                case "not":
                    Schema not = _document.Child(schema, value, "not");
                    pieces.Add((keyword, positive => Unseen(Of(Literal(not, !positive)))));
                    break;
                case "if" when _document.Draft >= Draft.Draft7:
                    pieces.Add((keyword, positive => If(schema, value, positive)));
                    break;
                case "$dynamicRef" or "$recursiveRef" when value.ValueKind == JsonValueKind.String:
                    pieces.Add((keyword, positive => Of(Literal(_document.Resolve(schema, value.GetString()!, keyword), positive))));
                    break;
                case "extends" or "disallow" when _document.Draft == Draft.Draft3:
                    throw new GrammarException(keyword, schema.Pointer, "it is not supported.");
            }
        }

        return pieces;
    }

    private static int Literal(Schema schema, bool positive) => positive ? schema.Is : schema.Id == 0 ? Literals.False : schema.IsNot;

    private int[] LiteralsOf(Schema schema, bool positive) =>
        schema.Element.ValueKind == JsonValueKind.False ? positive ? Literals.Never : Literals.Always
        : Literals.Of(Literal(schema, positive));

    // ---- values

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

    // ---- objects

    private Shape Object(ObjectShape shape) => Any with { Objects = [shape] };

    private Shape OnlyObject(ObjectShape shape) => None with { Objects = [shape] };

    private Shape Members(Schema schema, bool positive)
    {
        JsonElement element = schema.Element;
        Dictionary<string, Schema> named = [];
        List<(Pattern Pattern, Schema Schema)> patterns = [];
        if (element.TryGetProperty("properties", out JsonElement properties))
        {
            foreach (JsonProperty property in Map(schema, "properties", properties).EnumerateObject())
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
        foreach (JsonProperty property in Map(schema, keyword, value).EnumerateObject())
        {
            string name = property.Name;
            ObjectShape with = new() { Required = [name] };
            if (property.Value.ValueKind is JsonValueKind.Array or JsonValueKind.String)
            {
                string[] needs = property.Value.ValueKind == JsonValueKind.String
                    ? [property.Value.GetString()!]
                    : Names(schema, keyword, property.Value);
                result = positive
                    ? And(result, Object(new ObjectShape { Needs = [(name, needs)] }))
                    : Or(
                        result,
                        None with { Objects = [.. needs.Select(need => ObjectShape.And(with, Without(need), _pool))] });
                continue;
            }

            Schema then = _document.Child(schema, property.Value, keyword, name);
            result = positive
                ? And(result, Or(And(Object(with), Of(Literal(then, true))), Any with { Objects = [Without(name)] }))
                : Or(result, And(OnlyObject(with), Of(Literal(then, false))));
        }

        return result;
    }

    // ---- arrays

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

    // ---- logic

    private Schema[] Branches(Schema schema, string keyword, JsonElement value)
    {
        JsonElement[] branches = List(schema, keyword, value);
        if (branches.Length == 0)
            throw new GrammarException(keyword, schema.Pointer, "it has no branches.");
        return [.. branches.Select((branch, i) => _document.Child(schema, branch, keyword, i.ToString(CultureInfo.InvariantCulture)))];
    }

    private Shape All(Schema[] branches, bool positive)
    {
        Shape result = positive ? Any : None;
        foreach (Schema branch in branches)
        {
            Shape one = Of(Literal(branch, positive));
            result = positive ? And(result, one) : Or(result, one);
        }

        return result;
    }

    private Shape AnyOf(Schema[] branches, bool positive)
    {
        if (!positive)
            return branches.Aggregate(Any, AndNot);
        if (!_document.TracksEvaluated)
            return branches.Aggregate(None, (result, branch) => Or(result, Of(Literal(branch, true))));
        // What has been looked at depends on all branches that hold, so each set of branches is an alternative of its own.
        if (branches.Length > 6)
            throw new GrammarException("anyOf", _at.Pointer, "it has too many branches where unevaluated members are asked for.");
        Shape any = None;
        for (int set = 1; set < 1 << branches.Length; set++)
        {
            Shape one = Any;
            for (int i = 0; i < branches.Length; i++)
                one = (set >> i & 1) != 0 ? And(one, Of(Literal(branches[i], true))) : AndNot(one, branches[i]);
            any = Or(any, one);
        }

        return any;
    }

    private Shape OneOf(Schema[] branches, bool positive)
    {
        Shape result = None;
        (string, string) at = _at;
        for (int i = 0; i < branches.Length; i++)
        {
            Shape one = Of(Literal(branches[i], true));
            if (positive)
            {
                for (int j = 0; j < branches.Length; j++)
                {
                    if (j != i)
                        one = AndNot(one, branches[j]);
                }
            }
            else
            {
                Shape both = None;
                for (int j = i + 1; j < branches.Length; j++)
                    both = Or(both, And(one, Of(Literal(branches[j], true))));
                one = both;
            }

            _at = at;
            result = Or(result, one);
        }

        if (!positive)
            result = Or(result, branches.Aggregate(Any, AndNot));
        return result;
    }

    /// <summary>What is of a shape and not of a schema. An alternative that has nothing in common with the schema stays as it is.</summary>
    private Shape AndNot(Shape shape, Schema schema)
    {
        Shape other = Of(Literal(schema, true));
        // The opposite of a schema may be large; it is made only where something has to be taken away with it.
        Shape Not() => Of(Literal(schema, false)) with { String = _pool.Nothing, Number = NumberSet.None };
        List<ObjectShape> objects = [];
        foreach (ObjectShape a in shape.Objects)
        {
            if (System.Array.TrueForAll(other.Objects, b => IsEmpty(ObjectShape.And(a, b, _pool))))
                objects.Add(a);
            else
                objects.AddRange(And(OnlyObject(a), Not()).Objects);
        }

        List<ArrayShape> arrays = [];
        foreach (ArrayShape a in shape.Arrays)
        {
            if (System.Array.TrueForAll(other.Arrays, b => IsEmpty(ArrayShape.And(a, b))))
                arrays.Add(a);
            else
                arrays.AddRange(And(OnlyArray(a), Not()).Arrays);
        }

        return new Shape
        {
            Null = shape.Null && !other.Null,
            True = shape.True && !other.True,
            False = shape.False && !other.False,
            Number = NumberSet.And(shape.Number, NumberSet.Not(other.Number)),
            String = _pool.And(shape.String, _pool.Not(other.String)),
            Objects = Few(objects),
            Arrays = Few(arrays),
        };
    }

    private Shape If(Schema schema, JsonElement value, bool positive)
    {
        Schema condition = _document.Child(schema, value, "if");
        bool hasThen = schema.Element.TryGetProperty("then", out JsonElement then);
        bool hasElse = schema.Element.TryGetProperty("else", out JsonElement otherwise);
        if (!hasThen && !hasElse && !_document.TracksEvaluated)
            return positive ? Any : None;
        Shape yes = hasThen ? Of(Literal(_document.Child(schema, then, "then"), positive)) : positive ? Any : None;
        Shape no = hasElse ? Of(Literal(_document.Child(schema, otherwise, "else"), positive)) : positive ? Any : None;
        return Or(And(Of(Literal(condition, true)), yes), And(Of(Literal(condition, false)), no));
    }

    /// <summary>
    /// What unevaluatedProperties and unevaluatedItems ask of a shape, or their opposite; null where a schema has neither.
    /// </summary>
    private Shape? Unevaluated(Schema schema, Shape shape, bool positive)
    {
        if (!HasUnevaluated(schema))
            return null;
        Shape result = positive ? shape : None;
        if (schema.Element.TryGetProperty("unevaluatedProperties", out JsonElement value))
        {
            Schema child = _document.Child(schema, value, "unevaluatedProperties");
            int[] literals = LiteralsOf(child, positive);
            ObjectShape[] objects =
            [
                .. shape.Objects
                    .Where(one => positive || one.Seen is not { All: true })
                    .Select(one => WithUnevaluated(one, literals, positive)),
            ];
            result = positive ? result with { Objects = objects } : Or(result, None with { Objects = objects });
        }

        if (schema.Element.TryGetProperty("unevaluatedItems", out value))
        {
            Schema child = _document.Child(schema, value, "unevaluatedItems");
            ArrayShape[] arrays =
            [
                .. shape.Arrays
                    .Where(one => positive || one.Seen is not { All: true })
                    .Select(one => WithUnevaluated(one, child, positive)),
            ];
            result = positive ? result with { Arrays = arrays } : Or(result, None with { Arrays = arrays });
        }

        return result;
    }

    private ObjectShape WithUnevaluated(ObjectShape shape, int[] literals, bool positive)
    {
        if (shape.Seen is { All: true })
            return shape;
        NameSet unseen = new(null, shape.Seen?.Names ?? [], shape.Seen?.Patterns ?? []);
        ObjectShape rule = positive
            ? new ObjectShape { Rules = [(unseen, literals)], Seen = Evaluated.Everything }
            : new ObjectShape { Exists = [(unseen, literals)] };
        return ObjectShape.And(shape, rule, _pool);
    }

    private ArrayShape WithUnevaluated(ArrayShape shape, Schema child, bool positive)
    {
        if (shape.Seen is { All: true })
            return shape;
        if (shape.Contains.Length > 0)
            throw new GrammarException("unevaluatedItems", child.Pointer, "it is not supported beside contains.");
        int seen = shape.Seen?.Items ?? 0;
        ArrayShape rule = positive
            ? new ArrayShape
            {
                First = [.. Enumerable.Repeat(Literals.Always, seen)],
                Rest = LiteralsOf(child, true),
                Seen = Evaluated.Everything,
            }
            : new ArrayShape
            {
                Contains = [new ContainsRule(LiteralsOf(child, false), LiteralsOf(child, true), 1, int.MaxValue, seen)],
            };
        return ArrayShape.And(shape, rule);
    }

    /// <summary>The shape without a note of what was looked at: a schema that is negated tells nothing of it.</summary>
    private Shape Unseen(Shape shape) =>
        !_document.TracksEvaluated
            ? shape
            : shape with
            {
                Objects = [.. shape.Objects.Select(one => one.Seen is null ? one : one with { Seen = null })],
                Arrays = [.. shape.Arrays.Select(one => one.Seen is null ? one : one with { Seen = null })],
            };

    private Shape And(Shape a, Shape b)
    {
        if (ReferenceEquals(a, Any))
            return b;
        if (ReferenceEquals(b, Any))
            return a;
        List<ObjectShape> objects = [];
        bool isOne = a.Objects.Length == 1 && b.Objects.Length == 1;
        foreach (ObjectShape x in a.Objects)
        {
            foreach (ObjectShape y in b.Objects)
            {
                Work();
                ObjectShape both = ObjectShape.And(x, y, _pool);
                if (isOne || !IsEmpty(both))
                    objects.Add(both);
            }

            Few(objects);
        }

        List<ArrayShape> arrays = [];
        isOne = a.Arrays.Length == 1 && b.Arrays.Length == 1;
        foreach (ArrayShape x in a.Arrays)
        {
            foreach (ArrayShape y in b.Arrays)
            {
                Work();
                ArrayShape both = ArrayShape.And(x, y);
                if (isOne || !IsEmpty(both))
                    arrays.Add(both);
            }

            Few(arrays);
        }

        return new Shape
        {
            Null = a.Null && b.Null,
            True = a.True && b.True,
            False = a.False && b.False,
            Number = NumberSet.And(a.Number, b.Number),
            String = _pool.And(a.String, b.String),
            Objects = [.. objects],
            Arrays = [.. arrays],
        };
    }

    private Shape Or(Shape a, Shape b) => new()
    {
        Null = a.Null || b.Null,
        True = a.True || b.True,
        False = a.False || b.False,
        Number = NumberSet.Or(a.Number, b.Number),
        String = _pool.Or(a.String, b.String),
        Objects = _document.TracksEvaluated || !(a.Objects.Contains(ObjectShape.Any) || b.Objects.Contains(ObjectShape.Any))
            ? Few([.. a.Objects, .. b.Objects])
            : [ObjectShape.Any],
        Arrays = _document.TracksEvaluated || !(a.Arrays.Contains(ArrayShape.Any) || b.Arrays.Contains(ArrayShape.Any))
            ? Few([.. a.Arrays, .. b.Arrays])
            : [ArrayShape.Any],
    };

    private T[] Few<T>(List<T> alternatives)
        where T : class
    {
        if (alternatives.Count > MaxAlternatives)
            throw new GrammarException(_at.Keyword, _at.Pointer, "it combines in too many ways.");
        return [.. alternatives.Distinct(ReferenceEqualityComparer.Instance).Cast<T>()];
    }

    private void Work()
    {
        if (++_work > MaxWork)
            throw new GrammarException(_at.Keyword, _at.Pointer, "it combines in too many ways.");
    }

    // ---- emptiness, as far as it is cheap to tell

    private bool IsEmpty(ObjectShape shape)
    {
        if (shape.Min > shape.Max || shape.Required.Count > shape.Max)
            return true;
        foreach (string name in shape.Required)
        {
            if (IsEmpty(shape.LiteralsOf(name, _pool)))
                return true;
        }

        return false;
    }

    private bool IsEmpty(ArrayShape shape)
    {
        if (shape.Min > shape.Max)
            return true;
        for (int i = 0; i < Math.Min(shape.Min, shape.First.Length + 1); i++)
        {
            if (IsEmpty(shape.LiteralsOf(i)))
                return true;
        }

        return false;
    }

    private bool IsEmpty(int[] literals)
    {
        if (literals.Length == 0)
            return false;
        if (literals is [Literals.False])
            return true;
        string key = string.Join(',', literals);
        if (_empty.TryGetValue(key, out bool known))
            return known;
        // A schema that is being read, or tested, may still be anything.
        if (_depth > MaxDepth / 2 || _testing.Count > 6 || System.Array.Exists(literals, _reading.Contains) || !_testing.Add(key))
            return false;
        try
        {
            Work();
            Shape shape = Of(literals);
            bool isEmpty = !shape.Null && !shape.True && !shape.False
                && (shape.Number == NumberSet.None || new NumberAutomaton(shape.Number).IsEmpty)
                && (shape.String == _pool.Nothing || !_pool.IsLive(shape.String))
                && System.Array.TrueForAll(shape.Objects, IsEmpty)
                && System.Array.TrueForAll(shape.Arrays, IsEmpty);
            return _empty[key] = isEmpty;
        }
        catch (GrammarException)
        {
            // What cannot be told here is told, or refused, where the schema itself is read.
            return false;
        }
        finally
        {
            _testing.Remove(key);
        }
    }

    // ---- values of keywords

    private Pattern Search(Schema schema, string keyword, string expression)
    {
        try
        {
            return PatternParser.Search(_pool, expression, schema.Pointer);
        }
        catch (GrammarException refused)
        {
            throw new GrammarException(keyword, schema.Pointer, $"\"{expression}\": {refused.Reason}");
        }
    }

    private static string Text(Schema schema, string keyword, JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Malformed(schema, keyword, "a string");

    private static JsonElement[] List(Schema schema, string keyword, JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : throw Malformed(schema, keyword, "a list");

    private static JsonElement Map(Schema schema, string keyword, JsonElement value) =>
        value.ValueKind == JsonValueKind.Object ? value : throw Malformed(schema, keyword, "an object");

    private static string[] Names(Schema schema, string keyword, JsonElement value) =>
        [.. List(schema, keyword, value).Select(name => Text(schema, keyword, name)).Distinct()];

    private static int Count(Schema schema, string keyword, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Number || ExactDecimal.Of(value) is not { IsWhole: true, Sign: >= 0 } count)
            throw Malformed(schema, keyword, "a whole number");
        return count.Digits > int.MaxValue / 2 ? int.MaxValue : (int)count.Digits;
    }

    private static ExactDecimal Exact(Schema schema, string keyword, JsonElement value) =>
        value.ValueKind != JsonValueKind.Number
            ? throw Malformed(schema, keyword, "a number")
            : ExactDecimal.Of(value) ?? throw new GrammarException(keyword, schema.Pointer, "the number has too many digits.");

    private static GrammarException Malformed(Schema schema, string keyword, string must) =>
        new(keyword, schema.Pointer, $"it must be {must}.");
}
