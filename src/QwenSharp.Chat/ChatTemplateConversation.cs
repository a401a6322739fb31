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
        if (arguments?.EnumerateObject().Select(property => property.Name).FirstOrDefault(IsPartOfConversation) is string replaced)
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

    /// <summary>Turns neutral messages into OpenAI's form, with what <see cref="PromptOptions"/> read of the options.</summary>
    /// <exception cref="NotSupportedException">A message, tool or option has something that templates have no form for; the message names
    /// it.</exception>
    /// <exception cref="ArgumentException">An additional option has a value of the wrong type.</exception>
    public static ChatTemplateConversation From(IEnumerable<ChatMessage> messages, ChatOptions? options = null) =>
        Of(messages, PromptOptions.Read(options));

    /// <summary>As <see cref="From"/>, for options already read.</summary>
    /// <exception cref="NotSupportedException">A message has something that templates have no form for; the message names it.</exception>
    public static ChatTemplateConversation Of(IEnumerable<ChatMessage> messages, PromptOptions options)
    {
        ArgumentNullException.ThrowIfNull(messages);
        ArgumentNullException.ThrowIfNull(options);
        return new()
        {
            Messages = NeutralJson.Messages(messages, options.Instructions),
            Tools = options.Tools.Count > 0 ? NeutralJson.Tools(options.Tools) : null,
            Arguments = options.Variables,
        };
    }

    // Python takes no argument twice; here the later one would silently win.
    internal static bool IsPartOfConversation(string name) => name is "messages" or "tools";

    internal void AddTo(Scope scope)
    {
        scope["messages"] = JsonValues.Read(scope.Runtime, Messages);
        scope["tools"] = Tools is JsonElement tools ? JsonValues.Read(scope.Runtime, tools) : null;
        scope["documents"] = null;
        scope["add_generation_prompt"] = AddGenerationPrompt;
        foreach ((string name, JsonElement value) in Arguments)
            scope[name] = JsonValues.Read(scope.Runtime, value);
    }

    private static JsonElement? Optional(JsonElement json, string name, params ReadOnlySpan<JsonValueKind> kinds) =>
        !json.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null ? null
            : kinds.Contains(value.ValueKind) ? value
            : throw new JsonException($"The conversation's \"{name}\" is of the wrong kind: {value.ValueKind}.");
}
