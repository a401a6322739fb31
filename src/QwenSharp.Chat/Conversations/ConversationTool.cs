using System.Text.Json;
using Microsoft.Extensions.AI;

namespace QwenSharp.Chat.Conversations;

/// <summary>A tool that a conversation offers.</summary>
/// <param name="Name">What it is called by.</param>
/// <param name="Description">What it does; empty for nothing said.</param>
/// <param name="Parameters">A JSON Schema of its arguments, an object.</param>
public sealed record ConversationTool(string Name, string Description, JsonElement Parameters)
{
    private static readonly JsonElement NoParameters = JsonElement.Parse("""{"type":"object","properties":{}}""");

    /// <summary>Reads a tool. It is valid as long as its document.</summary>
    /// <param name="tool">In OpenAI's form or, as templates take it too, without the wrapping.</param>
    /// <exception cref="JsonException">The tool has something that is unknown, or of the wrong kind; the message names it.</exception>
    public static ConversationTool Read(JsonElement tool)
    {
        JsonFields.Expect(tool, JsonValueKind.Object, "A tool");
        JsonElement function = tool;
        if (tool.TryGetProperty("function", out JsonElement wrapped))
        {
            JsonFields.RequireFields(tool, "a tool", "type", "function");
            JsonFields.Expect(wrapped, JsonValueKind.Object, "The \"function\" of a tool");
            function = wrapped;
        }

        // How strictly arguments are held to the schema is not the model's to know.
        JsonFields.RequireFields(function, "the \"function\" of a tool", "type", "name", "description", "parameters", "strict");
        JsonFields.RequireFunction(tool, "a tool");
        string name = JsonFields.Text(function, "name") is { Length: > 0 } given
            ? given
            : throw new JsonException("a tool has no \"function\" with a \"name\".");
        JsonElement parameters = NoParameters;
        if (function.TryGetProperty("parameters", out JsonElement schema) && schema.ValueKind != JsonValueKind.Null)
        {
            JsonFields.Expect(schema, JsonValueKind.Object, $"What the \"parameters\" of \"{name}\" hold");
            parameters = schema;
        }

        return new ConversationTool(name, JsonFields.Text(function, "description") ?? "", parameters);
    }

    /// <summary>Reads a list of tools.</summary>
    /// <exception cref="JsonException">One has something that is unknown, or of the wrong kind; the message names it and its
    /// place.</exception>
    public static IReadOnlyList<ConversationTool> ReadAll(JsonElement tools)
    {
        JsonFields.Expect(tools, JsonValueKind.Array, "\"tools\"");
        return [.. tools.EnumerateArray().Select((tool, place) => JsonFields.At($"tools[{place}]", () => Read(tool)))];
    }

    /// <summary>Writes the tool in the one shape that templates get: wrapped as a function.</summary>
    public void WriteTo(Utf8JsonWriter json)
    {
        ArgumentNullException.ThrowIfNull(json);
        json.WriteStartObject();
        json.WriteString("type", "function");
        json.WriteStartObject("function");
        json.WriteString("name", Name);
        if (Description.Length > 0)
            json.WriteString("description", Description);

        json.WritePropertyName("parameters");
        Parameters.WriteTo(json);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>As a neutral declaration.</summary>
    public AIFunctionDeclaration ToDeclaration() =>
        AIFunctionFactory.CreateDeclaration(Name, Description.Length > 0 ? Description : null, Parameters.Clone());
}
