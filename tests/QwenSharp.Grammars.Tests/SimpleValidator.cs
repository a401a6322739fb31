using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace QwenSharp.Grammars.Tests;

/// <summary>A plain validator of the keywords that the tests use, written without any of the library's code.</summary>
internal sealed class SimpleValidator(JsonElement root)
{
    public bool IsValid(JsonElement value) => IsValid(root, value);

    private bool IsValid(JsonElement schema, JsonElement value)
    {
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return schema.ValueKind == JsonValueKind.True;
        return schema.EnumerateObject().All(keyword => Holds(keyword.Name, keyword.Value, schema, value));
    }

    private bool Holds(string keyword, JsonElement rule, JsonElement schema, JsonElement value)
    {
        bool isObject = value.ValueKind == JsonValueKind.Object;
        bool isArray = value.ValueKind == JsonValueKind.Array;
        bool isString = value.ValueKind == JsonValueKind.String;
        bool isNumber = value.ValueKind == JsonValueKind.Number;
        return keyword switch
        {
            "$defs" => true,
            "$ref" => IsValid(root.GetProperty("$defs").GetProperty(rule.GetString()!["#/$defs/".Length..]), value),
            "type" => rule.ValueKind == JsonValueKind.Array
                ? rule.EnumerateArray().Any(type => IsOf(type.GetString()!, value))
                : IsOf(rule.GetString()!, value),
            "enum" => rule.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value)),
            "const" => JsonElement.DeepEquals(rule, value),
            "minimum" => !isNumber || value.GetDecimal() >= rule.GetDecimal(),
            "maximum" => !isNumber || value.GetDecimal() <= rule.GetDecimal(),
            "exclusiveMinimum" => !isNumber || value.GetDecimal() > rule.GetDecimal(),
            "multipleOf" => !isNumber || decimal.Remainder(value.GetDecimal(), rule.GetDecimal()) == 0,
            "minLength" => !isString || Length(value) >= rule.GetInt32(),
            "maxLength" => !isString || Length(value) <= rule.GetInt32(),
            "pattern" => !isString || Regex.IsMatch(value.GetString()!, rule.GetString()!),
            "format" => !isString || DateOnly.TryParseExact(value.GetString(), "yyyy-MM-dd", CultureInfo.InvariantCulture, 0, out _),
            "properties" => !isObject
                || value.EnumerateObject().All(member => !rule.TryGetProperty(member.Name, out JsonElement one) || IsValid(one, member.Value)),
            "patternProperties" => !isObject
                || value.EnumerateObject().All(member =>
                    rule.EnumerateObject().All(one => !Regex.IsMatch(member.Name, one.Name) || IsValid(one.Value, member.Value))),
            "additionalProperties" => !isObject
                || value.EnumerateObject().All(member =>
                    (schema.TryGetProperty("properties", out JsonElement named) && named.TryGetProperty(member.Name, out _))
                    || IsValid(rule, member.Value)),
            "propertyNames" => !isObject
                || value.EnumerateObject().All(member =>
                    !rule.TryGetProperty("maxLength", out JsonElement most) || member.Name.EnumerateRunes().Count() <= most.GetInt32()),
            "required" => !isObject || rule.EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _)),
            "minProperties" => !isObject || value.EnumerateObject().Count() >= rule.GetInt32(),
            "maxProperties" => !isObject || value.EnumerateObject().Count() <= rule.GetInt32(),
            "items" => !isArray || value.EnumerateArray().All(item => IsValid(rule, item)),
            "uniqueItems" => !isArray
                || value.EnumerateArray().Select(item => item.ValueKind + item.ToString()).Distinct().Count() == value.GetArrayLength(),
            "minItems" => !isArray || value.GetArrayLength() >= rule.GetInt32(),
            "maxItems" => !isArray || value.GetArrayLength() <= rule.GetInt32(),
            "contains" => !isArray || value.EnumerateArray().Any(item => IsValid(rule, item)),
            "oneOf" => rule.EnumerateArray().Count(one => IsValid(one, value)) == 1,
            "not" => !IsValid(rule, value),
            _ => throw new NotSupportedException(keyword),
        };
    }

    private static bool IsOf(string type, JsonElement value) => type switch
    {
        "integer" => value.ValueKind == JsonValueKind.Number && !value.GetRawText().Split('.').Skip(1).Any(part => part.Trim('0').Length > 0),
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        _ => value.ValueKind.ToString().Equals(type, StringComparison.OrdinalIgnoreCase),
    };

    private static int Length(JsonElement value) => value.GetString()!.EnumerateRunes().Count();
}
