using System.Text.Json;

namespace QwenSharp.Training;

/// <summary>
/// A tool that a conversation offers: what may stand in it, and the one shape that templates get when the model is served.
/// </summary>
internal static class ToolJson
{
    /// <summary>Writes a tool: name, description if any, parameters, wrapped as a function.</summary>
    /// <param name="tool">In OpenAI's form or, as templates take it too, without the wrapping.</param>
    /// <param name="json">Where to.</param>
    /// <returns>Its name.</returns>
    /// <exception cref="JsonException">The tool has something that is unknown, or of the wrong kind; the message names it.</exception>
    public static string Write(JsonElement tool, Utf8JsonWriter json)
    {
        MessageJson.Expect(tool, JsonValueKind.Object, "A tool");
        JsonElement function = tool;
        if (tool.TryGetProperty("function", out JsonElement wrapped))
        {
            MessageJson.RequireFields(tool, "a tool", "type", "function");
            MessageJson.Expect(wrapped, JsonValueKind.Object, "The \"function\" of a tool");
            function = wrapped;
        }

        // How strictly arguments are held to the schema is not the model's to know.
        MessageJson.RequireFields(function, "the \"function\" of a tool", "type", "name", "description", "parameters", "strict");
        MessageJson.RequireFunction(tool, "a tool");
        string name = MessageJson.Text(function, "name") ?? throw new JsonException("a tool has no \"function\" with a \"name\".");
        json.WriteStartObject();
        json.WriteString("type", "function");
        json.WriteStartObject("function");
        json.WriteString("name", name);
        if (MessageJson.Text(function, "description") is { Length: > 0 } description)
            json.WriteString("description", description);

        json.WritePropertyName("parameters");
        if (function.TryGetProperty("parameters", out JsonElement parameters) && parameters.ValueKind != JsonValueKind.Null)
        {
            MessageJson.Expect(parameters, JsonValueKind.Object, $"What the \"parameters\" of \"{name}\" hold");
            parameters.WriteTo(json);
        }
        else
        {
            json.WriteRawValue("""{"type":"object","properties":{}}""");
        }

        json.WriteEndObject();
        json.WriteEndObject();
        return name;
    }
}
