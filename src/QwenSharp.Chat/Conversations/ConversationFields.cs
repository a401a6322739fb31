using System.Text.Json;

namespace QwenSharp.Chat.Conversations;

/// <summary>What a conversation consists of, its messages and tools not yet read: templates take more kinds than text.</summary>
/// <param name="Messages">An array.</param>
/// <param name="Tools">An array; null for none.</param>
/// <param name="Arguments">Further variables of the template.</param>
/// <param name="AddGenerationPrompt">Whether the prompt ends with the beginning of the assistant's turn.</param>
internal sealed record ConversationFields(
    JsonElement Messages,
    JsonElement? Tools,
    IReadOnlyDictionary<string, JsonElement> Arguments,
    bool AddGenerationPrompt)
{
    /// <summary>Reads an object with <c>messages</c> and the fields that may be left out.</summary>
    /// <param name="json">The object.</param>
    /// <param name="isPrompt">
    /// Whether it is to be rendered: then it may also have <c>add_generation_prompt</c> and a <c>name</c>, which is a label.
    /// </param>
    /// <exception cref="JsonException">It is no such object; the message names the field.</exception>
    public static ConversationFields Read(JsonElement json, bool isPrompt)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new JsonException("A conversation is an object with \"messages\".");

        ConversationFields read = new(default, null, new Dictionary<string, JsonElement>(), AddGenerationPrompt: true);
        bool hasArguments = false;
        foreach (JsonProperty field in json.EnumerateObject().Where(field => field.Value.ValueKind != JsonValueKind.Null))
        {
            switch (field.Name)
            {
                case "messages":
                    JsonFields.Expect(field.Value, JsonValueKind.Array, "\"messages\"");
                    read = read with { Messages = field.Value };
                    break;
                case "tools":
                    JsonFields.Expect(field.Value, JsonValueKind.Array, "\"tools\"");
                    read = read with { Tools = field.Value };
                    break;
                case "kwargs" or "chat_template_kwargs" when !hasArguments:
                    read = read with { Arguments = ReadArguments(field, isPrompt) };
                    hasArguments = read.Arguments.Count > 0;
                    break;
                case "add_generation_prompt" when isPrompt:
                    read = read with
                    {
                        AddGenerationPrompt = field.Value.ValueKind is JsonValueKind.True or JsonValueKind.False
                            ? field.Value.GetBoolean()
                            : throw new JsonException($"\"{field.Name}\" is {JsonFields.Kind(field.Value)} where a truth value belongs."),
                    };
                    break;
                case "name" when isPrompt:
                    break;
                default:
                    throw new JsonException(
                        $"A conversation has no field \"{field.Name}\" here; it has \"messages\", \"tools\""
                            + (isPrompt ? ", \"add_generation_prompt\", \"name\"" : "")
                            + " and one \"chat_template_kwargs\" (or \"kwargs\").");
            }
        }

        return read.Messages.ValueKind == JsonValueKind.Array ? read : throw new JsonException("\"messages\" is missing or empty.");
    }

    private static Dictionary<string, JsonElement> ReadArguments(JsonProperty field, bool isPrompt)
    {
        JsonFields.Expect(field.Value, JsonValueKind.Object, $"\"{field.Name}\"");
        Dictionary<string, JsonElement> arguments = field.Value.EnumerateObject().ToDictionary(one => one.Name, one => one.Value);
        string? taken = arguments.Keys.FirstOrDefault(name =>
            ChatTemplateConversation.IsPartOfConversation(name) || !isPrompt && name == "add_generation_prompt");
        return taken is null
            ? arguments
            : throw new JsonException($"\"{field.Name}\" may not set \"{taken}\", which the conversation gives.");
    }
}
