using System.Text.Json;

namespace QwenSharp.Training;

/// <summary>One message of a conversation: what may stand in it, and its one shape.</summary>
internal static class MessageJson
{
    /// <summary>Writes a message in the shape that templates are given.</summary>
    /// <returns>Of the assistant's messages, whether it is learnt, its reasoning and the names that it calls; null for any other.</returns>
    /// <exception cref="JsonException">The message has something that is unknown, or of the wrong kind; the message names it.</exception>
    public static (bool IsLearnt, string Reasoning, IReadOnlyList<string> Calls)? Write(JsonElement message, Utf8JsonWriter json)
    {
        Expect(message, JsonValueKind.Object, "A message");
        string role = Text(message, "role") ?? throw new JsonException("\"role\" is missing.");
        if (role is not ("system" or "developer" or "user" or "assistant" or "tool"))
            throw new JsonException($"the role \"{role}\" is none of system, developer, user, assistant and tool.");

        bool isAssistant = role == "assistant", isLearnt = isAssistant, hasContent = false;
        string reasoning = "";
        List<string> calls = [];
        json.WriteStartObject();
        json.WriteString("role", role == "developer" ? "system" : role);
        foreach (JsonProperty field in message.EnumerateObject())
        {
            if (field.Name == "role" || field.Value.ValueKind == JsonValueKind.Null)
                continue;

            switch (field.Name)
            {
                case "content":
                    json.WriteString("content", Content(field.Value));
                    hasContent = true;
                    break;
                case "name" or "tool_call_id":
                    json.WriteString(field.Name, Text(message, field.Name));
                    break;
                case "reasoning_content" when isAssistant:
                    reasoning = Text(message, field.Name)!;
                    json.WriteString(field.Name, reasoning);
                    break;
                case "tool_calls" when isAssistant:
                    WriteCalls(field.Value, json, calls);
                    break;
                case "weight" when isAssistant:
                    isLearnt =
                        field.Value is { ValueKind: JsonValueKind.Number }
                        && field.Value.TryGetDouble(out double weight)
                        && weight is 0 or 1
                            ? weight == 1
                            : throw new JsonException($"\"weight\" is {field.Value.GetRawText()}; it may be 0 or 1.");
                    break;
                default:
                    throw new JsonException($"a message of the role \"{role}\" has no field \"{field.Name}\".");
            }
        }

        if (!hasContent)
        {
            // Templates add "content" to text; the reply of a model that only calls tools has an empty one.
            if (calls.Count == 0)
                throw new JsonException($"the {role}'s message has no \"content\"{(isAssistant ? " and no \"tool_calls\"" : "")}.");
            json.WriteString("content", "");
        }

        json.WriteEndObject();
        return isAssistant ? (isLearnt, reasoning, calls) : null;
    }

    /// <exception cref="JsonException">The value is of another kind.</exception>
    public static void Expect(JsonElement value, JsonValueKind kind, string what)
    {
        if (value.ValueKind != kind)
            throw new JsonException($"{what} is {Kind(value)} where {(kind == JsonValueKind.Object ? "an object" : "an array")} belongs.");
    }

    /// <exception cref="JsonException">An object has a field that is not among those that are known.</exception>
    public static void RequireFields(JsonElement owner, string what, params ReadOnlySpan<string> known)
    {
        foreach (JsonProperty field in owner.EnumerateObject())
        {
            if (!known.Contains(field.Name) && field.Value.ValueKind != JsonValueKind.Null)
                throw new JsonException($"{what} has no field \"{field.Name}\" here.");
        }
    }

    /// <exception cref="JsonException">A tool or a call is of another type.</exception>
    public static void RequireFunction(JsonElement owner, string what)
    {
        if (Text(owner, "type") is { } type and not "function")
            throw new JsonException($"{what} has the type \"{type}\"; only \"function\" is known.");
    }

    /// <summary>The text of a field; null where it is absent or null.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    public static string? Text(JsonElement owner, string name) =>
        !owner.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw new JsonException($"\"{name}\" is {Kind(value)} where text belongs.");

    /// <summary>Text, or OpenAI's list of parts where all are text.</summary>
    private static string Content(JsonElement content)
    {
        if (content.ValueKind == JsonValueKind.String)
            return content.GetString()!;
        if (content.ValueKind != JsonValueKind.Array)
            throw new JsonException($"\"content\" is {Kind(content)} where text belongs.");

        return string.Concat(content.EnumerateArray().Select(part =>
        {
            Expect(part, JsonValueKind.Object, "A part of \"content\"");
            string type = Text(part, "type") ?? "";
            if (type == "text")
                RequireFields(part, "a part of \"content\"", "type", "text");

            return type == "text" && Text(part, "text") is { } text
                ? text
                : throw new JsonException($"\"content\" has a part of the type \"{type}\"; only text can be learnt.");
        }));
    }

    private static void WriteCalls(JsonElement calls, Utf8JsonWriter json, List<string> names)
    {
        Expect(calls, JsonValueKind.Array, "\"tool_calls\"");
        if (calls.GetArrayLength() == 0)
            return;

        json.WriteStartArray("tool_calls");
        foreach (JsonElement call in calls.EnumerateArray())
        {
            Expect(call, JsonValueKind.Object, "A tool call");
            RequireFunction(call, "a tool call");
            if (!call.TryGetProperty("function", out JsonElement function))
                throw new JsonException("a tool call has no \"function\".");

            RequireFields(call, "a tool call", "id", "type", "index", "function");
            Expect(function, JsonValueKind.Object, "The \"function\" of a tool call");
            RequireFields(function, "the \"function\" of a tool call", "name", "arguments");
            string name = Text(function, "name") ?? throw new JsonException("the \"function\" of a tool call has no \"name\".");
            json.WriteStartObject();
            json.WriteString("type", "function");
            if (Text(call, "id") is { } id)
                json.WriteString("id", id);

            json.WriteStartObject("function");
            json.WriteString("name", name);
            json.WritePropertyName("arguments");
            WriteArguments(function, name, json);
            json.WriteEndObject();
            json.WriteEndObject();
            names.Add(name);
        }

        json.WriteEndArray();
    }

    /// <summary>OpenAI's arguments are JSON in a string; in what models are shown, and so say, they are JSON.</summary>
    private static void WriteArguments(JsonElement function, string name, Utf8JsonWriter json)
    {
        if (!function.TryGetProperty("arguments", out JsonElement arguments))
            throw new JsonException($"the call of \"{name}\" has no \"arguments\".");

        if (arguments.ValueKind == JsonValueKind.String)
        {
            try
            {
                arguments = JsonElement.Parse(arguments.GetString()!, new JsonDocumentOptions { AllowDuplicateProperties = false });
            }
            catch (JsonException error)
            {
                throw new JsonException(
                    $"the \"arguments\" of \"{name}\" are not a JSON object, at column {error.BytePositionInLine + 1} of theirs: "
                        + $"{WithoutPosition(error)}",
                    error);
            }
        }

        Expect(arguments, JsonValueKind.Object, $"What the \"arguments\" of \"{name}\" hold");
        arguments.WriteTo(json);
    }

    /// <summary>The message without the position that .NET appends: it counts from 0, and every line as the first.</summary>
    public static string WithoutPosition(Exception error)
    {
        int tail = error.Message.IndexOf(" LineNumber: ", StringComparison.Ordinal);
        return tail < 0 ? error.Message : error.Message[..tail];
    }

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "a truth value",
    };
}
