using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace QwenSharp.Gateway.Providers.Conversation;

/// <summary>JSON that is being written.</summary>
internal static class WireNodes
{
    // Letters beyond ASCII are left as they are: no request is HTML.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A value as a node of its own.</summary>
    public static JsonNode? Node(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => JsonObject.Create(value),
        JsonValueKind.Array => JsonArray.Create(value),
        JsonValueKind.Null or JsonValueKind.Undefined => null,
        _ => JsonValue.Create(value),
    };

    /// <summary>The shortest decimal of a single (0.3, and not what it is nearest to as a double); null for none.</summary>
    public static JsonNode? Number(float? value) => value is { } number ? JsonValue.Create((decimal)number) : null;

    /// <summary>An array of some nodes.</summary>
    public static JsonArray Array(IEnumerable<JsonNode?> items) => new([.. items]);

    /// <summary>An object of some members.</summary>
    public static JsonObject Object(IEnumerable<KeyValuePair<string, JsonElement>> members) =>
        new(members.Select(member => KeyValuePair.Create(member.Key, Node(member.Value))));

    /// <summary>The bytes of a body.</summary>
    public static byte[] Bytes(JsonNode body)
    {
        using MemoryStream bytes = new();
        using (Utf8JsonWriter writer = new(bytes, Options))
            body.WriteTo(writer);

        return bytes.ToArray();
    }
}
