using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Faults;

namespace QwenSharp.Protocols.Requests;

/// <summary>
/// <c>response_format</c>, as most protocols share it: <c>text</c>, <c>json_object</c>, or <c>json_schema</c> with a schema, which may also
/// stand beside the type.
/// </summary>
internal static class ResponseFormats
{
    /// <summary>The neutral format; null for text.</summary>
    public static ChatResponseFormatJson? Read(RequestValue value)
    {
        RequestFields fields = value.Fields();
        RequestValue type = fields.Require("type");
        ChatResponseFormatJson? format = type.String() switch
        {
            "text" => null,
            "json_object" => fields.Take("schema") is { } schema ? Of(schema) : ChatResponseFormat.Json,
            "json_schema" => ReadSchema(fields),
            string other => throw type.Unsupported($"is '{Excerpt.Of(other)}'; text, json_object and json_schema are built."),
        };
        fields.RefuseRest();
        return format;
    }

    /// <summary>A schema, which some clients write as a string that holds one.</summary>
    public static ChatResponseFormatJson Of(RequestValue schema, string? name = null, string? description = null)
    {
        if (!schema.IsString)
            schema.Fields();

        return ChatResponseFormat.ForJsonSchema(schema.IsString ? Parse(schema) : schema.Element.Clone(), name, description);
    }

    private static ChatResponseFormatJson ReadSchema(RequestFields fields)
    {
        if (fields.Take("schema") is { } beside)
            return Of(beside);

        RequestFields described = fields.Require("json_schema").Fields();
        string? name = described.Take("name")?.String();
        string? description = described.Take("description")?.String();

        // An answer is held to its schema either way.
        described.Take("strict")?.Boolean();
        ChatResponseFormatJson format = described.Take("schema") is { } schema ? Of(schema, name, description) : ChatResponseFormat.Json;
        described.RefuseRest();
        return format;
    }

    private static JsonElement Parse(RequestValue value)
    {
        try
        {
            JsonElement schema = JsonElement.Parse(value.String());
            return schema.ValueKind == JsonValueKind.Object ? schema : throw value.Invalid("must hold a JSON object.");
        }
        catch (JsonException fault)
        {
            throw value.Invalid($"holds no JSON: {JsonProblem.Of(fault, oneLine: true)}.");
        }
    }
}
