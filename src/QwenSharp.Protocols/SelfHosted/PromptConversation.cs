using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Chat.Conversations;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.SelfHosted;

/// <summary>A conversation that is to be shown as a prompt.</summary>
/// <param name="Messages">The messages, at least one.</param>
/// <param name="Options">Tools and variables of the template.</param>
public sealed record PromptConversation(IReadOnlyList<ChatMessage> Messages, ChatOptions Options)
{
    internal static PromptConversation Read(RequestFields fields)
    {
        RequestValue messages = fields.Require("messages");
        ChatOptions options = new() { AdditionalProperties = [] };
        if (fields.Take("tools") is { } tools)
            options.Tools = FunctionTools.Read(tools);

        ReadVariables(fields, options);
        bool begins = fields.Take("add_generation_prompt")?.Boolean() ?? true;
        bool continues = fields.Take("continue_final_message")?.Boolean() ?? false;
        if (continues)
            options.AdditionalProperties[ChatOptionKeys.ContinueFinalMessage] = true;
        else if (!begins)
            throw new OptionNotSupportedException("add_generation_prompt", "may only be false where 'continue_final_message' is true.");

        return new PromptConversation(ReadMessages(messages), options);
    }

    private static void ReadVariables(RequestFields fields, ChatOptions options)
    {
        if (fields.Take("chat_template_kwargs") is not { } value)
            return;

        value.Fields();
        options.AdditionalProperties![ChatOptionKeys.ChatTemplateKwargs] =
            value.Element.EnumerateObject().ToDictionary(property => property.Name, property => (object?)property.Value.Clone());
    }

    private static IReadOnlyList<ChatMessage> ReadMessages(RequestValue messages)
    {
        try
        {
            ConversationJson conversation = ConversationJson.Read(Alone(messages.Element));
            return conversation.ToChatMessages(conversation.Messages.Count);
        }
        catch (JsonException fault)
        {
            throw messages.Invalid($"cannot be read: {fault.Message}");
        }
    }

    // The reader of conversations takes nothing beside them.
    private static JsonElement Alone(JsonElement messages)
    {
        ArrayBufferWriter<byte> json = new();
        using (Utf8JsonWriter writer = new(json))
        {
            writer.WriteStartObject();
            writer.WritePropertyName("messages");
            messages.WriteTo(writer);
            writer.WriteEndObject();
        }

        return JsonElement.Parse(json.WrittenSpan);
    }
}
