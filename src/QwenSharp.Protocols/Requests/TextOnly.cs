using System.Text;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;

namespace QwenSharp.Protocols.Requests;

/// <summary>
/// What a model that reads text alone has of a request. Readers carry all of it, since another model may answer; beside what is no text
/// they write how such a model refuses it, or which text it reads in its place.
/// </summary>
public static class TextOnly
{
    // Of the properties of contents, for this class alone.
    private const string FaultKey = "text_only_fault", TextKey = "text_only_text", LineKey = "text_only_line";

    // What is asked of who answers elsewhere: of a model of this process it asks for nothing that changes an answer.
    private static readonly string[] Elsewhere =
    [
        RemoteOptionKeys.User, RemoteOptionKeys.Metadata, RemoteOptionKeys.ServiceTier, RemoteOptionKeys.PromptCacheKey,
        RemoteOptionKeys.PromptCacheRetention, RemoteOptionKeys.Effort,
    ];

    /// <summary>
    /// The conversation in text: without the thoughts that others have protected, and with words for what tools have given.
    /// </summary>
    /// <exception cref="OptionNotSupportedException">There is something that has no place in it; the fault is its reader's.</exception>
    public static IReadOnlyList<ChatMessage> Messages(IReadOnlyList<ChatMessage> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return messages.All(message => message.Contents.All(IsPlain)) ? messages : [.. messages.Select(Message)];
    }

    /// <summary>The options that mean something to a model of this process.</summary>
    public static ChatOptions Options(ChatOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.AdditionalProperties is not { } given || !Elsewhere.Any(given.ContainsKey))
            return options;

        ChatOptions own = options.Clone();
        foreach (string key in Elsewhere)
            own.AdditionalProperties!.Remove(key);

        return own;
    }

    /// <summary>A content that a model of text refuses.</summary>
    internal static T Refused<T>(this T content, OptionFault fault)
        where T : AIContent => content.With(FaultKey, fault);

    /// <summary>A content in whose place a model of text reads a text.</summary>
    internal static T ReadAs<T>(this T content, string text)
        where T : AIContent => content.With(TextKey, text);

    /// <summary>A content whose text begins a line.</summary>
    internal static T OnALine<T>(this T content)
        where T : AIContent => content.With(LineKey, true);

    /// <summary>A content with a property; without where the value is null.</summary>
    internal static T With<T>(this T content, string key, object? value)
        where T : AIContent
    {
        if (value is not null)
            (content.AdditionalProperties ??= [])[key] = value;

        return content;
    }

    private static bool IsPlain(AIContent content) => content.AdditionalProperties is null
        && content is not FunctionResultContent { Result: IEnumerable<AIContent> }
        && content is not TextReasoningContent { ProtectedData: not null };

    private static ChatMessage Message(ChatMessage message)
    {
        List<AIContent> contents = [];
        foreach (AIContent content in message.Contents)
        {
            if (Of(content) is not { } read)
                continue;

            if (read is TextContent && Begins(content) && contents.LastOrDefault() is TextContent { Text: [.., not '\n'] })
                contents.Add(new TextContent("\n"));

            contents.Add(read);
        }

        ChatMessage own = message.Clone();
        own.Contents = contents;
        return own;
    }

    private static AIContent? Of(AIContent content) => content switch
    {
        { AdditionalProperties: { } properties } when properties.TryGetValue(FaultKey, out OptionFault? fault) =>
            throw new OptionNotSupportedException(fault),

        // What another server, or this one before it was started again, has thought is nobody's here: refused, it would end the
        // conversation.
        TextReasoningContent { ProtectedData: not null } => null,
        TextReasoningContent thought => thought.AdditionalProperties?.ContainsKey(ContentKeys.Origin) is true ? null : thought,
        FunctionResultContent { Result: IEnumerable<AIContent> parts } result => result.Exception is null
            ? new FunctionResultContent(result.CallId, Text(parts))
            : new FunctionResultContent(result.CallId, null) { Exception = new InvalidOperationException(Text(parts)) },
        _ => TextOf(content) is { } text ? new TextContent(text) : content,
    };

    private static string Text(IEnumerable<AIContent> parts)
    {
        StringBuilder text = new();
        foreach (AIContent part in parts)
        {
            if (Begins(part) && text.Length > 0)
                text.Append('\n');

            text.Append((Of(part) as TextContent)?.Text);
        }

        return text.ToString();
    }

    private static bool Begins(AIContent content) => content.AdditionalProperties?.ContainsKey(LineKey) is true;

    private static string? TextOf(AIContent content) => content.AdditionalProperties?.GetValueOrDefault(TextKey) as string;
}
