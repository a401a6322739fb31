using System.Text.Json;
using Microsoft.Extensions.AI;

namespace QwenSharp.Chat.Conversations;

/// <summary>
/// A conversation of text as people keep it: <c>{"messages": […], "tools": […], "chat_template_kwargs": {…}}</c> in OpenAI's form; all
/// but the messages may be left out, and the last be called <c>kwargs</c>. Training and evaluation read it, and transcripts are such.
/// </summary>
public sealed record ConversationJson
{
    private ConversationJson()
    {
    }

    /// <summary>The messages, in order.</summary>
    public required IReadOnlyList<ConversationMessage> Messages { get; init; }

    /// <summary>The tools that are offered.</summary>
    public required IReadOnlyList<ConversationTool> Tools { get; init; }

    /// <summary>Further variables of the template, such as <c>enable_thinking</c>.</summary>
    public required IReadOnlyDictionary<string, JsonElement> Arguments { get; init; }

    /// <summary>Reads a conversation. It is valid as long as its document.</summary>
    /// <exception cref="JsonException">It has something that is unknown, or of the wrong kind; the message names it and its
    /// place.</exception>
    public static ConversationJson Read(JsonElement json)
    {
        ConversationFields fields = ConversationFields.Read(json, isPrompt: false);
        return new ConversationJson
        {
            Tools = fields.Tools is { } tools ? ConversationTool.ReadAll(tools) : [],
            Messages =
            [
                .. fields.Messages.EnumerateArray()
                    .Select((message, place) => JsonFields.At($"messages[{place}]", () => ConversationMessage.Read(message))),
            ],
            Arguments = fields.Arguments,
        };
    }

    /// <summary>
    /// The first messages as neutral ones. A result that does not say which call it answers answers the first that is open.
    /// </summary>
    public IReadOnlyList<ChatMessage> ToChatMessages(int count)
    {
        List<ChatMessage> messages = [];
        Queue<string> open = [];
        foreach ((int place, ConversationMessage message) in Messages.Take(count).Index())
        {
            List<AIContent> contents = [];
            if (message.Reasoning.Length > 0)
                contents.Add(new TextReasoningContent(message.Reasoning));

            if (message.Role == "tool")
            {
                string id = open.TryDequeue(out string? first) ? message.ToolCallId ?? first : message.ToolCallId ?? "";
                contents.Add(new FunctionResultContent(id, message.Content));
            }
            else
            {
                contents.Add(new TextContent(message.Content));
            }

            foreach ((int i, ConversationCall call) in message.Calls.Index())
            {
                string id = call.Id ?? $"call_{place}_{i}";
                open.Enqueue(id);
                contents.Add(new FunctionCallContent(id, call.Name, JsonArguments.Of(call.Arguments)));
            }

            messages.Add(new ChatMessage(new ChatRole(message.Role), contents) { AuthorName = message.Name });
        }

        return messages;
    }
}
