using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.AI;

namespace QwenSharp.Protocols.Events;

/// <summary>The arguments of a call as the JSON text that goes over the wire.</summary>
public static class WireArguments
{
    // A model's arguments may be as deep as their reader takes; the object around them is one level more.
    private const int MaxDepth = 128;

    // The neutral library's options know its dictionary of arguments, but would indent.
    private static readonly JsonTypeInfo Type = new JsonSerializerOptions(AIJsonUtilities.DefaultOptions)
    {
        WriteIndented = false,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = MaxDepth,
    }.GetTypeInfo(typeof(IDictionary<string, object?>));

    /// <summary>A JSON object, empty where the call has no arguments.</summary>
    public static string Of(FunctionCallContent call)
    {
        ArgumentNullException.ThrowIfNull(call);
        return JsonSerializer.Serialize(call.Arguments ?? new Dictionary<string, object?>(), Type);
    }

    /// <summary>The object that a text of arguments is; of a text that was cut, what of it is whole.</summary>
    /// <param name="text">The text.</param>
    /// <param name="maxDepth">How deep it may be nested.</param>
    /// <exception cref="JsonException">The text is no beginning of an object, or too deep.</exception>
    public static JsonElement Read(string text, int maxDepth = MaxDepth)
    {
        byte[] json = Encoding.UTF8.GetBytes(text);
        Utf8JsonReader reader = new(json, isFinalBlock: false, new JsonReaderState(new JsonReaderOptions { MaxDepth = maxDepth }));
        long whole = 0;
        bool isClosed = false;
        while (reader.Read())
        {
            if (reader.CurrentDepth == 0 && reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.EndObject))
                throw new JsonException("Arguments are a JSON object.");

            if (reader.CurrentDepth <= 1 && reader.TokenType is not (JsonTokenType.PropertyName or JsonTokenType.StartArray)
                && !(reader.CurrentDepth == 1 && reader.TokenType == JsonTokenType.StartObject))
            {
                whole = reader.BytesConsumed;
                isClosed = reader.CurrentDepth == 0 && reader.TokenType == JsonTokenType.EndObject;
            }
        }

        if (whole == 0 && !string.IsNullOrWhiteSpace(text))
            throw new JsonException("Arguments are a JSON object.");

        string said = whole == 0 ? "{}" : Encoding.UTF8.GetString(json.AsSpan(0, (int)whole)) + (isClosed ? "" : "}");
        using JsonDocument document = JsonDocument.Parse(said, new JsonDocumentOptions { MaxDepth = maxDepth });
        return document.RootElement.Clone();
    }
}
