using System.Text.Json;

namespace QwenSharp.Chat.Streaming.Arguments;

/// <summary>Kinds of JSON values, as a schema allows them.</summary>
[Flags]
internal enum JsonKinds
{
    None = 0,
    String = 1,
    Integer = 2,
    Number = 4,
    Boolean = 8,
    Null = 16,
    Array = 32,
    Object = 64,

    /// <summary>A schema that says nothing of the kind.</summary>
    All = String | Integer | Number | Boolean | Null | Array | Object,
}

internal static class JsonKindNames
{
    /// <summary>The kinds that a schema's <c>type</c> names, in JSON Schema's words or Python's; all for a word that is unknown.</summary>
    public static JsonKinds Of(string type) => type switch
    {
        "string" or "str" => JsonKinds.String,
        "integer" or "int" => JsonKinds.Integer,
        "number" or "float" => JsonKinds.Integer | JsonKinds.Number,
        "boolean" or "bool" => JsonKinds.Boolean,
        "null" or "None" => JsonKinds.Null,
        "array" or "list" => JsonKinds.Array,
        "object" or "dict" => JsonKinds.Object,
        _ => JsonKinds.All,
    };

    /// <summary>The kinds that a value is of: a whole number is of two.</summary>
    public static JsonKinds Of(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => JsonKinds.String,
        JsonValueKind.Number when value.GetRawText().AsSpan().ContainsAny('.', 'e', 'E') => JsonKinds.Number,
        JsonValueKind.Number => JsonKinds.Integer | JsonKinds.Number,
        JsonValueKind.True or JsonValueKind.False => JsonKinds.Boolean,
        JsonValueKind.Array => JsonKinds.Array,
        JsonValueKind.Object => JsonKinds.Object,
        _ => JsonKinds.Null,
    };
}
