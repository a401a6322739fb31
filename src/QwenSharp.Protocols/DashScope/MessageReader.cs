using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.DashScope;

/// <summary>The <c>input</c> of a request as neutral chat messages.</summary>
internal static class MessageReader
{
    public static List<ChatMessage> Read(RequestFields input, ChatOptions options)
    {
        RequestValue? prompt = input.Take("prompt"), list = input.Take("messages");
        if (list is not { } messages)
        {
            return prompt is { } text
                ? [new ChatMessage(ChatRole.User, text.String())]
                : throw new OptionException(OptionFault.Of(FaultKind.Missing, "input.messages", "is required, or 'input.prompt' is."));
        }

        if (prompt is { } other)
            throw other.Conflict($"{new OptionName(other.Path)} and {new OptionName(messages.Path)} are both given. Give one of them.");

        List<ChatMessage> read = [];
        List<RequestValue> items = [.. messages.Items()];
        foreach ((int place, RequestValue item) in items.Index())
            read.Add(ReadMessage(item, isLast: place == items.Count - 1, options));

        return read.Count > 0 ? read : throw messages.Invalid("must hold at least one message.");
    }

    private static ChatMessage ReadMessage(RequestValue value, bool isLast, ChatOptions options)
    {
        RequestFields fields = value.Fields();
        RequestValue role = fields.Require("role");
        ChatMessage message = role.String() switch
        {
            "system" => new ChatMessage(ChatRole.System, ReadContent(fields.Require("content"))),
            "user" => new ChatMessage(ChatRole.User, ReadContent(fields.Require("content"))),
            "assistant" => ReadAssistant(value, fields, isLast, options),
            "tool" => ReadToolResult(fields),
            string other => throw role.Invalid($"must be system, user, assistant or tool, not '{Excerpt.Of(other)}'."),
        };
        fields.RefuseRest();
        return message;
    }

    private static ChatMessage ReadAssistant(RequestValue value, RequestFields fields, bool isLast, ChatOptions options)
    {
        List<AIContent> contents = [];
        if (fields.Take("reasoning_content") is { } reasoning && reasoning.String().Length > 0)
            contents.Add(new TextReasoningContent(reasoning.String()));

        RequestValue? content = fields.Take("content"), calls = fields.Take("tool_calls");
        if (content is { } said)
            contents.AddRange(ReadContent(said));

        if (calls is { } made)
            contents.AddRange(made.Items().Select(ReadToolCall));

        if (content is null && calls is null)
        {
            throw new OptionException(OptionFault.Of(
                FaultKind.Missing, $"{value.Path}.content", "is required in an assistant's message without 'tool_calls'."));
        }

        if (fields.Take("partial") is { } partial && partial.Boolean())
        {
            if (!isLast)
                throw partial.Invalid("may only be true in the last message, which the answer goes on with.");

            options.AdditionalProperties![ChatOptionKeys.ContinueFinalMessage] = true;
        }

        return new ChatMessage(ChatRole.Assistant, contents);
    }

    // The function's name is the call's already.
    private static ChatMessage ReadToolResult(RequestFields fields)
    {
        fields.Take("name")?.String();
        RequestValue content = fields.Require("content");
        IList<AIContent> parts = ReadContent(content);
        object result = parts.All(part => part is TextContent)
            ? string.Concat(parts.Cast<TextContent>().Select(part => part.Text))
            : parts;
        return new ChatMessage(ChatRole.Tool, [new FunctionResultContent(fields.Require("tool_call_id").String(), result)]);
    }

    private static IList<AIContent> ReadContent(RequestValue value)
    {
        if (value.IsString)
            return [new TextContent(value.String())];

        return value.IsArray ? [.. value.Items().Select(ReadPart)] : throw value.WrongType("a string or an array of parts");
    }

    private static AIContent ReadPart(RequestValue value)
    {
        RequestFields fields = value.Fields();
        foreach (string medium in (string[])["image", "video", "audio"])
        {
            if (fields.Take(medium) is not { } other)
                continue;

            OptionFault fault = other.Unsupported("is not honoured: this server takes text.").Fault;
            AIContent content = other.IsString
                ? Medium.At(other, $"{medium}/*").Refused(fault)
                : throw new OptionNotSupportedException(fault);
            fields.Take("type")?.String();
            fields.RefuseRest();
            return content;
        }

        fields.Take("type")?.String();

        // Of a model of this process it asks for what is done anyway: what prompts share is computed once.
        RequestValue? kept = fields.Take("cache_control");
        kept?.Fields();
        string text = fields.Require("text").String();
        fields.RefuseRest();
        return new TextContent(text).With(ContentKeys.CacheControl, kept is null ? null : "");
    }

    private static FunctionCallContent ReadToolCall(RequestValue value)
    {
        RequestFields fields = value.Fields();
        string id = fields.Require("id").String();
        fields.Take("index")?.Integer(0, int.MaxValue);
        FunctionTools.RequireFunction(fields);
        RequestFields function = fields.Require("function").Fields();
        FunctionCallContent call = new(id, function.Require("name").String(), CallArguments.Read(function.Require("arguments")));
        function.RefuseRest();
        fields.RefuseRest();
        return call;
    }
}
