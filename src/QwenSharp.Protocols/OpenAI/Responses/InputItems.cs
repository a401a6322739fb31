using System.Text.Json;
using System.Text.Json.Nodes;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.OpenAI.Responses;

/// <summary>The items of an <c>input</c> as they are stored and listed: each with its id, its type and its parts.</summary>
internal static class InputItems
{
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 256 };

    /// <summary>An item's type. Messages may leave it out, and references too.</summary>
    public static string TypeOf(RequestValue? type, RequestFields fields) =>
        type?.String() ?? (fields.Take("role") is null && fields.Take("content") is null ? "item_reference" : "message");

    /// <summary>A user's message of a text.</summary>
    public static JsonElement OfText(string text) =>
        Settle(new JsonObject { ["type"] = "message", ["role"] = "user", ["content"] = text });

    /// <summary>An item that was read without a fault.</summary>
    /// <param name="item">The item.</param>
    /// <param name="find">A stored item by its id.</param>
    public static JsonElement Settle(JsonElement item, Func<string, JsonElement?> find)
    {
        JsonObject fields = JsonObject.Create(item.Clone())!;
        string? type = (string?)fields["type"];
        return type is "item_reference" || (type is null && fields["role"] is null)
            ? find((string)fields["id"]!)!.Value
            : Settle(fields);
    }

    /// <summary>The ids of stored items that an input refers to; it was not read yet, and may be anything.</summary>
    public static IReadOnlyList<string> Mentioned(JsonElement input, ThoughtSealer sealer)
    {
        if (input.ValueKind != JsonValueKind.Array)
            return [];

        HashSet<string> ids = [];
        foreach (JsonElement item in input.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object || Text(item, "id") is not { } id)
                continue;

            bool refers = Text(item, "type") switch
            {
                "item_reference" => true,
                "reasoning" => Text(item, "encrypted_content") is not { } hidden || sealer.Open(hidden) is null,
                null => !item.TryGetProperty("role", out _),
                _ => false,
            };
            if (refers)
                ids.Add(id);
        }

        return [.. ids];
    }

    /// <summary>A value of a tree, apart from it.</summary>
    public static JsonElement ElementOf(JsonNode node) => JsonElement.Parse(node.ToJsonString(), Deep);

    private static JsonElement Settle(JsonObject fields)
    {
        string type = (string?)fields["type"] ?? "message";
        fields["type"] = type;
        fields["id"] ??= $"{Prefix(type)}_{Guid.NewGuid():N}";
        if (type != "reasoning")
            fields["status"] ??= "completed";

        if (type == "message" && fields["content"] is not JsonArray)
        {
            bool isAnswer = (string?)fields["role"] == "assistant";
            JsonObject part = new() { ["type"] = isAnswer ? "output_text" : "input_text", ["text"] = (string?)fields["content"] ?? "" };
            if (isAnswer)
                part["annotations"] = new JsonArray();

            fields["content"] = new JsonArray(part);
        }

        return ElementOf(fields);
    }

    private static string? Text(JsonElement item, string name) =>
        item.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Prefix(string type) => type switch
    {
        "message" => "msg",
        "reasoning" => "rs",
        "function_call" => "fc",
        "function_call_output" => "fco",
        "custom_tool_call" => "ctc",
        _ => "ctco",
    };
}
