using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Faults;

namespace QwenSharp.Chat;

/// <summary>
/// What neutral chat options ask of a prompt, read once: instructions, the tools that may be called, and the template's variables. The
/// template, the splitter of the reply and the choice of sampling all go by it.
/// </summary>
public sealed record PromptOptions
{
    /// <summary>Goes before the first system message's text, or becomes one; null for nothing.</summary>
    public string? Instructions { get; private init; }

    /// <summary>The functions that may be called: none where the tool mode is none, for a model that must not call is shown none.</summary>
    public IReadOnlyList<AIFunctionDeclaration> Tools { get; private init; } = [];

    /// <summary>Variables of the template beside the conversation, <see cref="Thinking"/> among them where it is decided.</summary>
    public IReadOnlyDictionary<string, JsonElement> Variables { get; private init; } = new Dictionary<string, JsonElement>();

    /// <summary>
    /// Whether the model is to reason: as <see cref="ChatOptionKeys.EnableThinking"/> says, else as the template's variable of that name,
    /// else as <see cref="ChatOptions.Reasoning"/> (effort none turns it off, any other on), else null: the template decides.
    /// </summary>
    public bool? Thinking { get; private init; }

    /// <summary>See <see cref="ChatOptionKeys.ContinueFinalMessage"/>.</summary>
    public bool ContinueFinalMessage { get; private init; }

    /// <summary>Reads the options that concern a prompt.</summary>
    /// <param name="options">The caller's; null for none.</param>
    /// <inheritdoc cref="Read(ChatOptions?, AdditionalChatOptions)" path="/exception"/>
    /// <exception cref="ArgumentException">An additional option has a value of the wrong type.</exception>
    public static PromptOptions Read(ChatOptions? options) => Read(options, AdditionalChatOptions.Read(options));

    /// <summary>As the other, where the additional options have been read.</summary>
    /// <param name="options">The caller's; null for none.</param>
    /// <param name="additional">What was read of them.</param>
    /// <exception cref="NotSupportedException">A tool or an option has something that templates have no form for; the message names
    /// it.</exception>
    public static PromptOptions Read(ChatOptions? options, AdditionalChatOptions additional)
    {
        ArgumentNullException.ThrowIfNull(additional);
        Dictionary<string, JsonElement> variables = new(additional.ChatTemplateKwargs);
        if (variables.Keys.FirstOrDefault(ChatTemplateConversation.IsPartOfConversation) is { } name)
        {
            throw new OptionNotSupportedException(
                ChatOptionKeys.ChatTemplateKwargs,
                $"may not set \"{name}\", which the conversation gives.");
        }

        if ((additional.EnableThinking ?? ThinkingBesides(options, variables)) is { } switched)
            variables[ChatOptionKeys.EnableThinking] = NeutralJson.Element(switched);

        return new PromptOptions
        {
            Instructions = options?.Instructions,
            Tools = options?.ToolMode is NoneChatToolMode ? [] : [.. (options?.Tools ?? []).Select(Function)],
            Variables = variables,
            ContinueFinalMessage = additional.ContinueFinalMessage,
            Thinking = variables.TryGetValue(ChatOptionKeys.EnableThinking, out JsonElement thinking) ? IsTrue(thinking) : null,
        };
    }

    private static bool? ThinkingBesides(ChatOptions? options, Dictionary<string, JsonElement> variables) =>
        variables.ContainsKey(ChatOptionKeys.EnableThinking) ? null
        : options?.Reasoning?.Effort is { } effort ? effort != ReasoningEffort.None
        : null;

    // A template takes any value; what is neither true nor false decides nothing beyond it.
    private static bool? IsTrue(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    private static AIFunctionDeclaration Function(AITool tool) =>
        tool as AIFunctionDeclaration
        ?? throw new OptionNotSupportedException(new OptionFault(
            FaultKind.NotSupported,
            nameof(ChatOptions.Tools),
            $"The tool \"{tool.Name}\" is a {tool.GetType().Name}; chat templates know functions only."));
}
