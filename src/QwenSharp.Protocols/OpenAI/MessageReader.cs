using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>The <c>messages</c> of a request as neutral chat messages.</summary>
internal static class MessageReader
{
    public static List<ChatMessage> Read(RequestValue value)
    {
        List<ChatMessage> messages = [];
        foreach (RequestValue item in value.Items())
            messages.Add(ReadMessage(item, messages));

        return messages.Count > 0
            ? messages
            : throw value.Invalid("must hold at least one message.");
    }

    private static ChatMessage ReadMessage(RequestValue value, List<ChatMessage> before)
    {
        RequestFields fields = value.Fields();
        RequestValue role = fields.Require("role");
        ChatMessage message = role.String() switch
        {
            // Models know one kind of instructions; "developer" is its newer name in the protocol.
            "system" or "developer" => new ChatMessage(ChatRole.System, ReadContent(fields.Require("content"), ReadPart)),
            "user" => new ChatMessage(ChatRole.User, ReadContent(fields.Require("content"), ReadPart)),
            "assistant" => ReadAssistant(fields, before.Count),
            "tool" => ReadToolResult(fields),
            "function" => ReadFunctionResult(fields, before),
            string other => throw role.Invalid($"must be system, developer, user, assistant, tool or function, not '{Excerpt.Of(other)}'."),
        };
        ReadName(fields, message);
        fields.RefuseRest();
        return message;
    }

    // Older clients repeat the function's name beside its result; the call has it already. Who among several users speaks stands before
    // what they say. Agents' libraries name the assistant, and instructions; before a text these would be words that nobody said, and
    // the chat templates have no other place.
    private static void ReadName(RequestFields fields, ChatMessage message)
    {
        string? name = fields.Take("name")?.String();
        if (message.Role == ChatRole.User)
            message.AuthorName = name;
    }

    private static ChatMessage ReadAssistant(RequestFields fields, int place)
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

        // The older form of calls, of which a message has one and which has no name of its own.
        if (fields.Take("function_call") is { } older)
        {
            RequestFields function = older.Fields();
            contents.Add(new FunctionCallContent(
                $"call_{place}", function.Require("name").String(), CallArguments.Read(function.Require("arguments"))));
            function.RefuseRest();
        }

        if (fields.Take("refusal") is { } refusal)
            contents.Add(new TextContent(refusal.String()).With(ContentKeys.Refusal, true));

        // What replies of OpenAI's clients carry along; a conversation that is sent back holds them without content.
        fields.Refuse("annotations", annotations => annotations.ValueKind == JsonValueKind.Array && annotations.GetArrayLength() == 0,
            "is not honoured; leave it out or empty.");
        fields.Refuse("audio", _ => false, "is not honoured: this server takes text. Leave it out or null.");
        return new ChatMessage(ChatRole.Assistant, contents);
    }

    private static ChatMessage ReadToolResult(RequestFields fields)
    {
        string callId = fields.Require("tool_call_id").String();

        // A tool that has nothing to say gives null.
        List<AIContent> parts = fields.Take("content") is { } content ? ReadContent(content, ReadResultPart) : [];
        object result = parts.All(part => part is TextContent)
            ? string.Concat(parts.Cast<TextContent>().Select(part => part.Text))
            : parts;
        return new ChatMessage(ChatRole.Tool, [new FunctionResultContent(callId, result)]);
    }

    // The result of the last call of its function.
    private static ChatMessage ReadFunctionResult(RequestFields fields, List<ChatMessage> before)
    {
        string name = fields.Require("name").String();
        string result = fields.Take("content")?.String() ?? "";
        string? call = before
            .SelectMany(message => message.Contents.OfType<FunctionCallContent>())
            .LastOrDefault(content => content.Name == name)?.CallId;
        return new ChatMessage(ChatRole.Tool, [new FunctionResultContent(call ?? $"call_{before.Count}", result)]);
    }

    private static List<AIContent> ReadContent(RequestValue value, Func<RequestFields, RequestValue, AIContent> readPart)
    {
        if (value.IsString)
            return [new TextContent(value.String())];

        return value.IsArray ? [.. value.Items().Select(Read)] : throw value.WrongType("a string or an array of parts");

        AIContent Read(RequestValue item)
        {
            RequestFields fields = item.Fields();
            AIContent content = readPart(fields, fields.Require("type"));

            // Agents that speak to several kinds of server mark what is to be kept; here every prompt is.
            if (fields.Take("cache_control") is { } cache)
                content.With(ContentKeys.CacheControl, ReadLifetime(cache.Fields()));

            fields.RefuseRest();
            return content;
        }
    }

    // What else a mark may say is for the servers that know it.
    private static string ReadLifetime(RequestFields cache) => cache.Take("ttl")?.String() ?? "";

    private static AIContent ReadPart(RequestFields fields, RequestValue type)
    {
        if (type.String() == "text")
            return new TextContent(fields.Require("text").String());

        OptionNotSupportedException refused = type.Unsupported(
            $"is '{Excerpt.Of(type.String())}', but this server takes only 'text'.");
        return (MediaParts.Read(fields, type.String()) ?? throw refused).Refused(refused.Fault);
    }

    // OpenAI's library for agents copies the other fields of the reply's message into each part of its text. The message has what they say.
    private static AIContent ReadAssistantPart(RequestFields fields, RequestValue type)
    {
        foreach (string copied in (string[])["role", "refusal", "annotations", "tool_calls", "reasoning_content"])
            fields.Take(copied);

        return type.String() == "refusal"
            ? new TextContent(fields.Require("refusal").String()).With(ContentKeys.Refusal, true)
            : ReadPart(fields, type);
    }

    // A picture that a tool gave is not what the user asked for by sending it; the conversation goes on without.
    private static AIContent ReadResultPart(RequestFields fields, RequestValue type) => type.String() == "text"
        ? new TextContent(fields.Require("text").String())
        : (MediaParts.Read(fields, type.String()) ?? ReadPart(fields, type))
            .ReadAs(LeftOut.Text(type.String() == "image_url" ? "image" : type.String()));

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
