using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>The <c>messages</c> of a request as neutral chat messages.</summary>
internal static class MessageReader
{
    // What templates and clients write around the arguments has room beside them in the 64 levels that readers of JSON take.
    private const int MaxDepth = 48;
    private static readonly JsonDocumentOptions Nested = new() { MaxDepth = MaxDepth };

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
            "system" or "developer" => new ChatMessage(ChatRole.System, ReadContent(fields.Require("content"))),
            "user" => new ChatMessage(ChatRole.User, ReadContent(fields.Require("content"))),
            "assistant" => ReadAssistant(value, fields),
            "tool" => ReadToolResult(fields),
            string other => throw role.Invalid($"must be system, developer, user, assistant or tool, not '{Excerpt.Of(other)}'."),
        };
        ReadName(fields, message);
        fields.RefuseRest();
        return message;
    }

    // Older clients repeat the function's name beside its result; the call has it already. Who among several speaks, templates do not say.
    private static void ReadName(RequestFields fields, ChatMessage message)
    {
        if (fields.Take("name") is not { } name)
            return;

        if (name.String().Length > 0 && message.Role != ChatRole.Tool)
        {
            throw name.Unsupported(
                "is not honoured: the chat templates of Qwen models have no place for a speaker's name. Write it into 'content'.");
        }
    }

    private static ChatMessage ReadAssistant(RequestValue value, RequestFields fields)
    {
        List<AIContent> contents = [];
        if (fields.Take("reasoning_content") is { } reasoning)
            contents.Add(new TextReasoningContent(reasoning.String()));

        RequestValue? content = fields.Take("content");
        if (content is not null)
            contents.AddRange(ReadContent(content.Value));

        RequestValue? calls = fields.Take("tool_calls");
        if (calls is not null)
            contents.AddRange(calls.Value.Items().Select(ReadToolCall));

        if (content is null && calls is null)
        {
            throw new OptionException(OptionFault.Of(
                FaultKind.Missing,
                $"{value.Path}.content",
                "is required in an assistant's message without 'tool_calls'."));
        }

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
        string result = string.Concat(ReadContent(fields.Require("content")).Cast<TextContent>().Select(content => content.Text));
        return new ChatMessage(ChatRole.Tool, [new FunctionResultContent(callId, result)]);
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
        RequestValue type = fields.Require("type");
        if (type.String() != "text")
            throw type.Unsupported($"is '{Excerpt.Of(type.String())}', but this server takes only 'text'.");

        string text = fields.Require("text").String();
        fields.RefuseRest();
        return new TextContent(text);
    }

    private static FunctionCallContent ReadToolCall(RequestValue value)
    {
        RequestFields fields = value.Fields();
        string id = fields.Require("id").String();
        ToolReader.RequireFunction(fields);
        RequestFields function = fields.Require("function").Fields();
        string name = function.Require("name").String();
        Dictionary<string, object?> arguments = ReadArguments(function.Require("arguments"));
        function.RefuseRest();
        fields.RefuseRest();
        return new FunctionCallContent(id, name, arguments);
    }

    private static Dictionary<string, object?> ReadArguments(RequestValue value)
    {
        string json = value.String();
        if (json.Length == 0)
            return [];

        if (JsonText.Find(Encoding.UTF8.GetBytes(json)) is { } place)
            throw value.Invalid($"is not valid Unicode text: {place.Reason}.");

        try
        {
            using JsonDocument document = JsonDocument.Parse(json, Nested);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                // A name given twice keeps its last value, as most readers of JSON do: a model wrote it, not the caller.
                Dictionary<string, object?> arguments = [];
                foreach (JsonProperty property in document.RootElement.EnumerateObject())
                    arguments[property.Name] = property.Value.Clone();

                return arguments;
            }
        }
        catch (JsonException)
        {
        }

        throw value.Invalid($"must be a string that holds a JSON object, nested at most {MaxDepth} deep.");
    }
}
