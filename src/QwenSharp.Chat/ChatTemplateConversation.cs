using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat.Conversations;
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
    /// <summary>A JSON array of messages.</summary>
    public required JsonElement Messages { get; init; }

    /// <summary>A JSON array of tools; null, as transformers passes it, for none.</summary>
    public JsonElement? Tools { get; init; }

    /// <summary>Whether the prompt ends with the beginning of the assistant's turn.</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    /// <summary>Further variables of the template, such as <c>enable_thinking</c>.</summary>
    public IReadOnlyDictionary<string, JsonElement> Arguments { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>
    /// Reads one JSON object with <c>messages</c>, and optionally <c>tools</c>, <c>add_generation_prompt</c>,
    /// <c>chat_template_kwargs</c> (or <c>kwargs</c>) and <c>name</c> (a label).
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
        ConversationFields fields = ConversationFields.Read(json, isPrompt: true);
        return new()
        {
            Messages = fields.Messages.Clone(),
            Tools = fields.Tools?.Clone(),
            AddGenerationPrompt = fields.AddGenerationPrompt,
            Arguments = fields.Arguments.ToDictionary(argument => argument.Key, argument => argument.Value.Clone()),
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
}
