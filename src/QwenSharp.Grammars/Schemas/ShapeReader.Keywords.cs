using System.Text.Json;
using QwenSharp.Grammars.Automata;
using QwenSharp.Grammars.Patterns;

namespace QwenSharp.Grammars.Schemas;

internal sealed partial class ShapeReader
{
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

    private static string[] Names(Schema schema, string keyword, JsonElement value)
    {
        JsonElement[] names = List(schema, keyword, value);
        return names.Length <= SchemaCompiler.MaxNames
            ? [.. names.Select(name => Text(schema, keyword, name)).Distinct()]
            : throw TooManyNames(schema, keyword);
    }

    private static GrammarException TooManyNames(Schema schema, string keyword) =>
        new(keyword, schema.Pointer, $"it has more than {SchemaCompiler.MaxNames} names.");

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
