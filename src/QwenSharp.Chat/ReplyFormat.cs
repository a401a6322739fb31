using QwenSharp.Chat.Streaming;

namespace QwenSharp.Chat;

/// <summary>What a template's replies look like. Its text is searched here and nowhere else.</summary>
public sealed record ReplyFormat
{
    /// <summary>The tags of reasoning. A model may reason though its template does not speak of it.</summary>
    public ReasoningTags Reasoning { get; init; } = ReasoningTags.Think;

    /// <summary>Whether the template speaks of reasoning: then the model is one that reasons.</summary>
    public bool Reasons { get; init; }

    /// <summary>Whether reasoning can be turned on and off: the template has <see cref="ChatOptionKeys.EnableThinking"/>.</summary>
    public bool HasThinkingSwitch { get; init; }

    /// <summary>How tool calls are written; null for a template that knows none.</summary>
    public ToolCallDialect? ToolCalls { get; init; }

    /// <summary>The format that a template teaches.</summary>
    public static ReplyFormat Of(string template)
    {
        ArgumentNullException.ThrowIfNull(template);
        return new ReplyFormat
        {
            Reasons = template.Contains(ReasoningTags.Think.Open, StringComparison.Ordinal),
            HasThinkingSwitch = template.Contains(ChatOptionKeys.EnableThinking, StringComparison.Ordinal),
            ToolCalls = ToolCallDialect.TaughtBy(template),
        };
    }
}

/// <summary>What reasoning stands between.</summary>
/// <param name="Open">Before it; in some templates' prompts already.</param>
/// <param name="Close">After it.</param>
public sealed record ReasoningTags(string Open, string Close)
{
    /// <summary>Those of all Qwen models.</summary>
    public static ReasoningTags Think { get; } = new("<think>", "</think>");
}
