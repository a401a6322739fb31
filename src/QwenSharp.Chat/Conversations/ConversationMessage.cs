using System.Text.Json;

namespace QwenSharp.Chat.Conversations;

/// <summary>A message of text, in OpenAI's form.</summary>
public sealed record ConversationMessage
{
    private readonly JsonElement _json;

    private ConversationMessage(JsonElement json, string role) => (_json, Role) = (json, role);

    /// <summary>system, user, assistant or tool; OpenAI's developer is system.</summary>
    public string Role { get; }

    /// <summary>Its text; empty for one that only calls tools.</summary>
    public string Content { get; private init; } = "";

    /// <summary>What was thought before; empty for nothing.</summary>
    public string Reasoning { get; private init; } = "";

    /// <summary>Who says it; null where nobody is named.</summary>
    public string? Name { get; private init; }

    /// <summary>Of a tool's result, which call it answers; null where the data leaves it out.</summary>
    public string? ToolCallId { get; private init; }

    /// <summary>The tools that are called.</summary>
    public IReadOnlyList<ConversationCall> Calls { get; private init; } = [];

    /// <summary>Whether training learns it: false where the data gives the weight 0. Of the assistant's messages alone.</summary>
    public bool IsLearnt { get; private init; }

    /// <summary>Reads a message. It is valid as long as its document.</summary>
    /// <exception cref="JsonException">The message has something that is unknown, or of the wrong kind; the message names it.</exception>
    public static ConversationMessage Read(JsonElement json)
    {
        JsonFields.Expect(json, JsonValueKind.Object, "A message");
        string role = JsonFields.Text(json, "role") ?? throw new JsonException("\"role\" is missing.");
        if (role is not ("system" or "developer" or "user" or "assistant" or "tool"))
            throw new JsonException($"the role \"{role}\" is none of system, developer, user, assistant and tool.");

        bool isAssistant = role == "assistant", hasContent = false;
        ConversationMessage message = new(json, role == "developer" ? "system" : role) { IsLearnt = isAssistant };
        foreach (JsonProperty field in json.EnumerateObject())
        {
            if (field.Name == "role" || field.Value.ValueKind == JsonValueKind.Null)
                continue;

            switch (field.Name)
            {
                case "content":
                    message = message with { Content = ReadContent(field.Value) };
                    hasContent = true;
                    break;
                case "name":
                    message = message with { Name = JsonFields.Text(json, field.Name) };
                    break;
                case "tool_call_id":
                    message = message with { ToolCallId = JsonFields.Text(json, field.Name) };
                    break;
                case "reasoning_content" when isAssistant:
                    message = message with { Reasoning = JsonFields.Text(json, field.Name)! };
                    break;
                case "tool_calls" when isAssistant:
                    message = message with { Calls = ReadCalls(field.Value) };
                    break;
                case "weight" when isAssistant:
                    message = message with { IsLearnt = ReadWeight(field.Value) };
                    break;
                default:
                    throw new JsonException($"a message of the role \"{role}\" has no field \"{field.Name}\".");
            }
        }

        // The reply of a model that only calls tools has no text.
        return hasContent || message.Calls.Count > 0
            ? message
            : throw new JsonException($"the {role}'s message has no \"content\"{(isAssistant ? " and no \"tool_calls\"" : "")}.");
    }

    /// <summary>
    /// Writes the message in the one shape that templates get, with its fields in the order in which they were given: content a string,
    /// the arguments of calls an object.
    /// </summary>
    public void WriteTo(Utf8JsonWriter json)
    {
        ArgumentNullException.ThrowIfNull(json);
        bool hasContent = false;
        json.WriteStartObject();
        json.WriteString("role", Role);
        foreach (JsonProperty field in _json.EnumerateObject().Where(field => field.Value.ValueKind != JsonValueKind.Null))
        {
            switch (field.Name)
            {
                case "content":
                    json.WriteString("content", Content);
                    hasContent = true;
                    break;
                case "tool_calls" when Calls.Count > 0:
                    json.WriteStartArray("tool_calls");
                    foreach (ConversationCall call in Calls)
                        call.WriteTo(json);

                    json.WriteEndArray();
                    break;
                case "name" or "tool_call_id" or "reasoning_content":
                    json.WriteString(field.Name, field.Value.GetString());
                    break;
            }
        }

        // Templates add "content" to text.
        if (!hasContent)
            json.WriteString("content", "");

        json.WriteEndObject();
    }

    /// <summary>Text, or OpenAI's list of parts where all are text.</summary>
    private static string ReadContent(JsonElement content)
    {
        if (content.ValueKind == JsonValueKind.String)
            return content.GetString()!;
        if (content.ValueKind != JsonValueKind.Array)
            throw new JsonException($"\"content\" is {JsonFields.Kind(content)} where text belongs.");

        return string.Concat(content.EnumerateArray().Select((part, place) => JsonFields.At($"content[{place}]", () => ReadPart(part))));
    }

    private static string ReadPart(JsonElement part)
    {
        JsonFields.Expect(part, JsonValueKind.Object, "A part of \"content\"");
        string type = JsonFields.Text(part, "type") ?? "";
        if (type == "text")
            JsonFields.RequireFields(part, "a part of \"content\"", "type", "text");

        return type == "text" && JsonFields.Text(part, "text") is { } text
            ? text
            : throw new JsonException($"\"content\" has a part of the type \"{type}\"; only text is read here.");
    }

    private static List<ConversationCall> ReadCalls(JsonElement calls)
    {
        JsonFields.Expect(calls, JsonValueKind.Array, "\"tool_calls\"");
        return
        [
            .. calls.EnumerateArray().Select((call, place) => JsonFields.At($"tool_calls[{place}]", () => ConversationCall.Read(call))),
        ];
    }

    private static bool ReadWeight(JsonElement weight) =>
        weight.ValueKind == JsonValueKind.Number && weight.TryGetDouble(out double value) && value is 0 or 1
            ? value == 1
            : throw new JsonException($"\"weight\" is {weight.GetRawText()}; it may be 0 or 1.");
}
