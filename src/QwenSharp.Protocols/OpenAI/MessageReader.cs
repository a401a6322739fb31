using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>The <c>messages</c> of a request as neutral chat messages.</summary>
internal static class MessageReader
{
    public static List<ChatMessage> Read(RequestValue value)
    {
        List<ChatMessage> messages = [.. value.Items().Select(ReadMessage)];
        return messages.Count > 0
            ? messages
            : throw value.Invalid("must hold at least one message.");
    }

    private static ChatMessage ReadMessage(RequestValue value)
    {
        RequestFields fields = value.Fields();
        RequestValue role = fields.Require("role");
        ChatMessage message = role.String() switch
        {
            // Models know one kind of instructions; "developer" is its newer name in the protocol.
            "system" or "developer" => new ChatMessage(ChatRole.System, ReadContent(fields.Require("content"), ReadPart)),
            "user" => new ChatMessage(ChatRole.User, ReadContent(fields.Require("content"), ReadPart)),
            "assistant" => ReadAssistant(fields),
            "tool" => ReadToolResult(fields),
            string other => throw role.Invalid($"must be system, developer, user, assistant or tool, not '{Excerpt.Of(other)}'."),
        };
        ReadName(fields, message);
        fields.RefuseRest();
        return message;
    }

    // Older clients repeat the function's name beside its result; the call has it already. Who among several users speaks stands before
    // what they say. A name of the assistant, or of instructions, would be words that nobody said.
    private static void ReadName(RequestFields fields, ChatMessage message)
    {
        if (fields.Take("name") is not { } name)
            return;

        if (message.Role == ChatRole.User)
        {
            message.AuthorName = name.String();
        }
        else if (name.String().Length > 0 && message.Role != ChatRole.Tool)
        {
            throw name.Unsupported(
                "is honoured for users alone: the chat templates of Qwen models have no place for a speaker's name. "
                    + "Write it into 'content'.");
        }
    }

    private static ChatMessage ReadAssistant(RequestFields fields)
    {
        List<AIContent> contents = [];

        // Two names for the same: servers answer with one or the other, and clients send back what they got.
        string? thought = fields.Take("reasoning_content")?.String(), other = fields.Take("reasoning")?.String();
        if ((thought ?? other) is { } reasoning)
            contents.Add(new TextReasoningContent(reasoning));

        // An answer of nothing but thoughts or calls comes back without content, or with one that is null.
        contents.AddRange(fields.Take("content") is { } content ? ReadContent(content, ReadAssistantPart) : []);
        if (fields.Take("tool_calls") is { } calls)
            contents.AddRange(calls.Items().Select(ReadToolCall));

        // What replies of OpenAI's clients carry along; a conversation that is sent back holds them without content.
        fields.Refuse("refusal", _ => false, "is not honoured; leave it out or null.");
        fields.Refuse("annotations", annotations => annotations.ValueKind == JsonValueKind.Array && annotations.GetArrayLength() == 0,
            "is not honoured; leave it out or empty.");
        fields.Refuse("audio", _ => false, "is not honoured: this server takes text. Leave it out or null.");
        fields.Refuse("function_call", _ => false, "is the older form of 'tool_calls'; use that.");
        return new ChatMessage(ChatRole.Assistant, contents);
    }

    private static ChatMessage ReadToolResult(RequestFields fields)
    {
        string callId = fields.Require("tool_call_id").String();

        // A tool that has nothing to say gives null.
        List<AIContent> parts = fields.Take("content") is { } content ? ReadContent(content, ReadResultPart) : [];
        string result = string.Concat(parts.Cast<TextContent>().Select(part => part.Text));
        return new ChatMessage(ChatRole.Tool, [new FunctionResultContent(callId, result)]);
    }

    private static List<AIContent> ReadContent(RequestValue value, Func<RequestFields, RequestValue, string> readPart)
    {
        if (value.IsString)
            return [new TextContent(value.String())];

        return value.IsArray ? [.. value.Items().Select(Read)] : throw value.WrongType("a string or an array of parts");

        AIContent Read(RequestValue item)
        {
            RequestFields fields = item.Fields();
            TextContent content = new(readPart(fields, fields.Require("type")));

            // Agents that speak to several kinds of server mark what is to be kept; here every prompt is.
            fields.Take("cache_control")?.Fields();
            fields.RefuseRest();
            return content;
        }
    }

    private static string ReadPart(RequestFields fields, RequestValue type) => type.String() == "text"
        ? fields.Require("text").String()
        : throw type.Unsupported($"is '{Excerpt.Of(type.String())}', but this server takes only 'text'.");

    private static string ReadAssistantPart(RequestFields fields, RequestValue type) =>
        type.String() == "refusal" ? fields.Require("refusal").String() : ReadPart(fields, type);

    // A picture that a tool gave is not what the user asked for by sending it; the conversation goes on without.
    private static string ReadResultPart(RequestFields fields, RequestValue type)
    {
        if (type.String() is not ("image_url" or "image" or "input_audio" or "file"))
            return ReadPart(fields, type);

        fields.Take(type.String());
        return LeftOut.Text(type.String() == "image_url" ? "image" : type.String());
    }

    private static FunctionCallContent ReadToolCall(RequestValue value)
    {
        RequestFields fields = value.Fields();
        string id = fields.Require("id").String();
        fields.Take("index")?.Integer(0, int.MaxValue);
        FunctionTools.RequireFunction(fields);
        RequestFields function = fields.Require("function").Fields();
        string name = function.Require("name").String();
        Dictionary<string, object?> arguments = CallArguments.Read(function.Require("arguments"));
        function.RefuseRest();
        fields.RefuseRest();
        return new FunctionCallContent(id, name, arguments);
    }
}
