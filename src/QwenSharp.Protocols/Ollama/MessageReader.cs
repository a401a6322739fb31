using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.Ollama;

/// <summary>The <c>messages</c> of a request as neutral chat messages.</summary>
internal sealed class MessageReader
{
    private const int MaxDepth = 48;

    // Calls without a result yet, in their order: results name their tool, and only newer clients its call.
    private readonly List<FunctionCallContent> _open = [];
    private int _calls;

    public List<ChatMessage> Read(RequestValue value) => [.. value.Items().Select(ReadMessage)];

    private ChatMessage ReadMessage(RequestValue value)
    {
        RequestFields fields = value.Fields();
        RequestValue role = fields.Require("role");
        string content = fields.Take("content")?.String() ?? "";
        List<AIContent> images = Images.Read(fields);
        ChatMessage message = role.String() switch
        {
            "system" => new ChatMessage(ChatRole.System, content),
            "user" => new ChatMessage(ChatRole.User, [.. images, new TextContent(content)]),
            "assistant" => ReadAssistant(fields, content),
            "tool" => ReadToolResult(fields, content),
            string other => throw role.Invalid($"must be system, user, assistant or tool, not '{Excerpt.Of(other)}'."),
        };

        if (images.Count > 0 && message.Role != ChatRole.User)
            throw Images.Refused(fields.Require("images"));

        RefuseOthers(fields, message.Role);
        fields.RefuseRest();
        return message;
    }

    // Clients that have one type for all messages send empty members along.
    private static void RefuseOthers(RequestFields fields, ChatRole role)
    {
        if (role != ChatRole.Assistant)
        {
            fields.Refuse("thinking", GenerateRequest.IsEmptyText, "is for messages of the assistant.");
            fields.Refuse("tool_calls", GenerateRequest.IsEmptyList, "is for messages of the assistant.");
        }

        if (role != ChatRole.Tool)
        {
            fields.Refuse("tool_name", GenerateRequest.IsEmptyText, "is for messages of a tool.");
            fields.Refuse("tool_call_id", GenerateRequest.IsEmptyText, "is for messages of a tool.");
        }
    }

    private ChatMessage ReadAssistant(RequestFields fields, string content)
    {
        List<AIContent> contents = [];
        if (fields.Take("thinking")?.String() is { Length: > 0 } thinking)
            contents.Add(new TextReasoningContent(thinking));

        RequestValue? calls = fields.Take("tool_calls");
        if (content.Length > 0 || calls is null)
            contents.Add(new TextContent(content));

        if (calls is { } list)
        {
            foreach (RequestValue call in list.Items())
            {
                FunctionCallContent read = ReadToolCall(call);
                _open.Add(read);
                contents.Add(read);
            }
        }

        return new ChatMessage(ChatRole.Assistant, contents);
    }

    private ChatMessage ReadToolResult(RequestFields fields, string content)
    {
        string? id = fields.Take("tool_call_id")?.String(), name = fields.Take("tool_name")?.String();
        name ??= fields.Take("name")?.String();
        FunctionCallContent? call = id is { Length: > 0 } ? _open.FirstOrDefault(open => open.CallId == id)
            : name is { Length: > 0 } ? _open.FirstOrDefault(open => open.Name == name)
            : _open.FirstOrDefault();
        if (call is not null)
            _open.Remove(call);

        string called = call?.CallId ?? (id is { Length: > 0 } ? id : name is { Length: > 0 } ? name : "call");
        return new ChatMessage(ChatRole.Tool, [new FunctionResultContent(called, content)]);
    }

    private FunctionCallContent ReadToolCall(RequestValue value)
    {
        RequestFields fields = value.Fields();
        string? id = fields.Take("id")?.String();
        fields.Refuse("type", type => type.ValueKind == JsonValueKind.String && type.ValueEquals("function"), "may only be \"function\".");
        RequestFields function = fields.Require("function").Fields();
        string name = function.Require("name").String();
        function.Take("index")?.Integer(0, int.MaxValue);
        Dictionary<string, object?> arguments = [];
        if (function.Take("arguments") is { } given)
        {
            given.Fields();
            if (!given.Element.IsShallowerThan(MaxDepth))
                throw given.Invalid($"is nested deeper than {MaxDepth}.");

            arguments = JsonArguments.Of(given.Element);
        }

        function.RefuseRest();
        fields.RefuseRest();
        return new FunctionCallContent(id ?? string.Create(CultureInfo.InvariantCulture, $"call_{_calls++}"), name, arguments);
    }
}

/// <summary>How deep JSON is.</summary>
internal static class JsonDepth
{
    /// <summary>Whether a value has fewer levels of arrays and objects than a limit.</summary>
    public static bool IsShallowerThan(this JsonElement value, int limit) => value.ValueKind switch
    {
        JsonValueKind.Array => limit > 0 && value.EnumerateArray().All(item => item.IsShallowerThan(limit - 1)),
        JsonValueKind.Object => limit > 0 && value.EnumerateObject().All(member => member.Value.IsShallowerThan(limit - 1)),
        _ => true,
    };
}
