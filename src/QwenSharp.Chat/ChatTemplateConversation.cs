using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat.Jinja;

namespace QwenSharp.Chat;

/// <summary>
/// What a template renders: messages and tools in OpenAI's form, which is the one that templates are written for. A message has
/// <c>role</c>,
/// <c>content</c> (a string or a list of parts), and where they apply <c>reasoning_content</c>, <c>tool_calls</c>, <c>tool_call_id</c> and
/// <c>name</c>.
/// </summary>
public sealed record ChatTemplateConversation
{
    /// <summary>
    /// The key of <see cref="ChatOptions.AdditionalProperties"/> whose dictionary or JSON object becomes <see cref="Arguments"/>.
    /// </summary>
    public const string ArgumentsKey = "chat_template_kwargs";

    private static readonly string[] Known = ["messages", "tools", "add_generation_prompt", "kwargs", "name"];

    /// <summary>A JSON array of messages.</summary>
    public required JsonElement Messages { get; init; }

    /// <summary>A JSON array of tools; null, as transformers passes it, for none.</summary>
    public JsonElement? Tools { get; init; }

    /// <summary>Whether the prompt ends with the beginning of the assistant's turn.</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    /// <summary>Further variables of the template, such as <c>enable_thinking</c>.</summary>
    public IReadOnlyDictionary<string, JsonElement> Arguments { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>
    /// Reads one JSON object with <c>messages</c>, and optionally <c>tools</c>, <c>add_generation_prompt</c>, <c>kwargs</c> and <c>name</c>
    /// (a label).
    /// </summary>
    /// <exception cref="JsonException">The text is not such an object; the message names the field.</exception>
    public static ChatTemplateConversation Parse(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return Read(document.RootElement);
    }

    /// <summary>As <see cref="Parse"/>, for JSON already read.</summary>
    /// <exception cref="JsonException">The value is not such an object; the message names the field.</exception>
    public static ChatTemplateConversation Read(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new JsonException("A conversation is a JSON object with \"messages\".");

        string? unknown = json.EnumerateObject().Select(property => property.Name).FirstOrDefault(name => !Known.Contains(name));
        if (unknown is not null)
            throw new JsonException($"A conversation has no field \"{unknown}\"; it has {string.Join(", ", Known)}.");

        JsonElement? arguments = Optional(json, "kwargs", JsonValueKind.Object);
        if (arguments?.EnumerateObject().Select(property => property.Name).FirstOrDefault(Replaces) is string replaced)
            throw new JsonException($"The conversation's \"kwargs\" may not set \"{replaced}\", which is a field of its own.");

        JsonElement? generation = Optional(json, "add_generation_prompt", JsonValueKind.True, JsonValueKind.False);
        return new()
        {
            Messages =
                Optional(json, "messages", JsonValueKind.Array)?.Clone()
                ?? throw new JsonException("A conversation needs \"messages\", an array."),
            Tools = Optional(json, "tools", JsonValueKind.Array)?.Clone(),
            AddGenerationPrompt = generation?.GetBoolean() ?? true,
            Arguments = arguments?.EnumerateObject().ToDictionary(property => property.Name, property => property.Value.Clone()) ?? [],
        };
    }

    /// <summary>
    /// Turns neutral messages into OpenAI's form. Of the options it uses <see cref="ChatOptions.Instructions"/> (before the first system
    /// message's text, or as
    /// one), <see cref="ChatOptions.Tools"/> (unless the tool mode is none), <see cref="ChatOptions.Reasoning"/> (effort none turns
    /// thinking off, any other on) and
    /// <see cref="ArgumentsKey"/>, which wins over the reasoning option.
    /// </summary>
    /// <exception cref="NotSupportedException">A message, tool or option has something that templates have no form for; the message names
    /// it.</exception>
    public static ChatTemplateConversation From(IEnumerable<ChatMessage> messages, ChatOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(messages);
        Dictionary<string, JsonElement> arguments = [];
        if (options?.Reasoning?.Effort is ReasoningEffort effort)
            arguments["enable_thinking"] = JsonSerializer.SerializeToElement(effort != ReasoningEffort.None, NeutralJson.Type<bool>());

        if (options?.AdditionalProperties?.TryGetValue(ArgumentsKey, out object? given) == true && given is not null)
        {
            JsonElement values = NeutralJson.Element(given);
            if (values.ValueKind != JsonValueKind.Object)
                throw new NotSupportedException($"{ArgumentsKey} must be a dictionary or a JSON object.");

            foreach (JsonProperty argument in values.EnumerateObject())
            {
                if (Replaces(argument.Name))
                    throw new NotSupportedException($"{ArgumentsKey} may not set \"{argument.Name}\", which the conversation gives.");

                arguments[argument.Name] = argument.Value;
            }
        }

        bool hasTools = options?.Tools is { Count: > 0 } && options.ToolMode is not NoneChatToolMode;
        return new()
        {
            Messages = NeutralJson.Messages(messages, options?.Instructions),
            Tools = hasTools ? NeutralJson.Tools(options!.Tools!) : null,
            Arguments = arguments,
        };
    }

    internal void AddTo(Scope scope)
    {
        scope["messages"] = JsonValues.Read(scope.Runtime, Messages);
        scope["tools"] = Tools is JsonElement tools ? JsonValues.Read(scope.Runtime, tools) : null;
        scope["documents"] = null;
        scope["add_generation_prompt"] = AddGenerationPrompt;
        foreach ((string name, JsonElement value) in Arguments)
            scope[name] = JsonValues.Read(scope.Runtime, value);
    }

    // Python takes no argument twice; here the later one would silently win.
    private static bool Replaces(string name) => name is "messages" or "tools";

    private static JsonElement? Optional(JsonElement json, string name, params ReadOnlySpan<JsonValueKind> kinds) =>
        !json.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null ? null
            : kinds.Contains(value.ValueKind) ? value
            : throw new JsonException($"The conversation's \"{name}\" is of the wrong kind: {value.ValueKind}.");
}
