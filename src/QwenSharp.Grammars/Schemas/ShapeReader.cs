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
internal sealed partial class ShapeReader
{
    private const int MaxAlternatives = 768;

    /// <summary>How many branches anyOf, oneOf or allOf may have: each is put together with all before it.</summary>
    private const int MaxBranches = 1_000;

    private const int MaxWork = 40_000;

    /// <summary>Names, items and the like that are put together at the cost of one conjunction.</summary>
    private const int WorkSize = 64;

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
}
