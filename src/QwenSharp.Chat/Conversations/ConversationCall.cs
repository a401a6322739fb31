using System.Text.Json;

namespace QwenSharp.Chat.Conversations;

/// <summary>A tool call of a message.</summary>
/// <param name="Id">What its result refers to; null where the data leaves it out, as templates do not show it.</param>
/// <param name="Name">The tool.</param>
/// <param name="Arguments">An object.</param>
public sealed record ConversationCall(string? Id, string Name, JsonElement Arguments)
{
    internal static ConversationCall Read(JsonElement call)
    {
        JsonFields.Expect(call, JsonValueKind.Object, "A tool call");
        JsonFields.RequireFunction(call, "a tool call");
        if (!call.TryGetProperty("function", out JsonElement function))
            throw new JsonException("a tool call has no \"function\".");

        JsonFields.RequireFields(call, "a tool call", "id", "type", "index", "function");
        JsonFields.Expect(function, JsonValueKind.Object, "The \"function\" of a tool call");
        JsonFields.RequireFields(function, "the \"function\" of a tool call", "name", "arguments");
        string name = JsonFields.Text(function, "name") ?? throw new JsonException("the \"function\" of a tool call has no \"name\".");
        return new ConversationCall(JsonFields.Text(call, "id"), name, ReadArguments(function, name));
    }

    internal void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "function");
        if (Id is not null)
            json.WriteString("id", Id);

        json.WriteStartObject("function");
        json.WriteString("name", Name);
        json.WritePropertyName("arguments");
        Arguments.WriteTo(json);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>OpenAI's arguments are JSON in a string; in what models are shown, and so say, they are JSON.</summary>
    private static JsonElement ReadArguments(JsonElement function, string name)
    {
        if (!function.TryGetProperty("arguments", out JsonElement arguments))
            throw new JsonException($"the call of \"{name}\" has no \"arguments\".");

        if (arguments.ValueKind == JsonValueKind.String)
        {
            try
            {
                arguments = JsonElement.Parse(arguments.GetString()!, new JsonDocumentOptions { AllowDuplicateProperties = false });
            }
            catch (JsonException fault)
            {
                throw new JsonException(
                    $"the \"arguments\" of \"{name}\" are not a JSON object, at column {fault.BytePositionInLine + 1} of theirs: "
                        + $"{JsonFields.WithoutPosition(fault)}",
                    fault);
            }
        }

        JsonFields.Expect(arguments, JsonValueKind.Object, $"What the \"arguments\" of \"{name}\" hold");
        return arguments;
    }
}
