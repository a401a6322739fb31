using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.Anthropic;

/// <summary>The <c>system</c> and the <c>messages</c> of a request as neutral chat messages.</summary>
/// <param name="signer">Knows the thoughts of this server's models.</param>
internal sealed class MessageReader(ThoughtSigner signer)
{
    // Claude Code's first system block is for Anthropic's accounts and not for the model. Parts of it change from request to request, so
    // that no prompt would begin as the one before it.
    private const string Billing = "x-anthropic-billing-header:";

    private readonly HashSet<string> _found = [];

    /// <summary>The tools that results of a search for tools name: from then on the model has them.</summary>
    public IReadOnlySet<string> FoundTools => _found;

    /// <summary>The system prompt, a message for each of its blocks.</summary>
    public static IEnumerable<ChatMessage> ReadSystem(RequestValue value) => SystemTexts(value)
        .Where(text => !text.StartsWith(Billing, StringComparison.Ordinal))
        .Select(text => new ChatMessage(ChatRole.System, text));

    /// <summary>The conversation.</summary>
    public List<ChatMessage> Read(RequestValue value)
    {
        List<ChatMessage> messages = [.. value.Items().SelectMany(ReadMessage)];
        return messages.Count > 0
            ? messages
            : throw value.Invalid("must hold at least one message.");
    }

    private IEnumerable<ChatMessage> ReadMessage(RequestValue value)
    {
        RequestFields fields = value.Fields();
        RequestValue role = fields.Require("role");
        RequestValue content = fields.Require("content");
        fields.RefuseRest();
        return role.String() switch
        {
            "user" => [new ChatMessage(ChatRole.User, Blocks(content, ReadUserBlock, "\n"))],
            "assistant" => [new ChatMessage(ChatRole.Assistant, Blocks(content, ReadAssistantBlock, ""))],
            "system" => ReadSystem(content),
            string other => throw role.Invalid($"must be user, assistant or system, not '{Excerpt.Of(other)}'."),
        };
    }

    private static IEnumerable<string> SystemTexts(RequestValue value) =>
        value.IsString ? [value.String()] : [.. Items(value).Select(item => ReadText(item, item.Fields()))];

    private static IEnumerable<RequestValue> Items(RequestValue value) =>
        value.IsArray ? value.Items() : throw value.WrongType("a string or an array of blocks");

    // A user's blocks are texts of their own, such as a file and a question about it: each begins a line.
    private static List<AIContent> Blocks(
        RequestValue value, Func<RequestValue, RequestFields, string, AIContent?> read, string between)
    {
        if (value.IsString)
            return [new TextContent(value.String())];

        List<AIContent> contents = [];
        foreach (RequestValue item in Items(value))
        {
            RequestFields fields = item.Fields();
            AIContent? content = read(item, fields, fields.Require("type").String());
            fields.RefuseRest();
            if (content is null)
                continue;

            if (content is TextContent && contents.LastOrDefault() is TextContent { Text: [.., not '\n'] })
                contents.Add(new TextContent(between));

            contents.Add(content);
        }

        return contents;
    }

    private AIContent? ReadAssistantBlock(RequestValue value, RequestFields fields, string type)
    {
        CacheControl.Take(fields);
        switch (type)
        {
            case "text":
                return new TextContent(Text(fields));
            case "thinking":
                string thought = fields.Require("thinking").String();

                // A thought that another server, or this one before it was started again, has signed is nobody's here: it is left out, as
                // the model's thoughts of earlier turns are. Refused, it would end the conversation.
                return signer.IsOwn(thought, fields.Take("signature")?.String() ?? "") ? new TextReasoningContent(thought) : null;
            case "redacted_thinking":
                fields.Require("data").String();
                return null;
            case "tool_use":
                return ReadCall(fields);
            default:
                throw Unknown(value, type, "text, thinking, redacted_thinking and tool_use");
        }
    }

    private AIContent? ReadUserBlock(RequestValue value, RequestFields fields, string type)
    {
        CacheControl.Take(fields);
        return type switch
        {
            "text" => new TextContent(Text(fields)),
            "document" => new TextContent(ReadDocument(value, fields) ?? throw NoText(value, "document")),
            "search_result" => new TextContent(ReadSearchResult(fields)),
            "tool_result" => ReadResult(fields),
            "image" => throw NoText(value, type),
            _ => throw Unknown(value, type, "text, document, search_result and tool_result"),
        };
    }

    private static OptionNotSupportedException NoText(RequestValue value, string type) => new(
        $"{value.Path}.type",
        $"is '{type}', of which this server's models take the text alone: they read neither images nor PDF files. Send it as text.");

    private static OptionNotSupportedException Unknown(RequestValue value, string type, string known) =>
        new($"{value.Path}.type", $"is '{Excerpt.Of(type)}'; this server takes {known} here.");

    private static FunctionCallContent ReadCall(RequestFields fields)
    {
        string id = fields.Require("id").String(), name = fields.Require("name").String();
        RequestValue input = fields.Require("input");
        input.Fields();
        fields.Refuse("caller", IsDirectCaller, "is not honoured: calls are the model's own. Leave it out.");
        return new FunctionCallContent(id, name, JsonArguments.Of(input.Element));
    }

    private static bool IsDirectCaller(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object
        && value.TryGetProperty("type", out JsonElement type)
        && type.ValueKind == JsonValueKind.String
        && type.ValueEquals("direct");

    private FunctionResultContent ReadResult(RequestFields fields)
    {
        string id = fields.Require("tool_use_id").String();
        string text = fields.Take("content") is { } content ? ReadResultText(content) : "";
        bool failed = fields.Take("is_error")?.Boolean() ?? false;
        return failed && !text.StartsWith("Error", StringComparison.OrdinalIgnoreCase)
            ? new FunctionResultContent(id, null) { Exception = new InvalidOperationException(text) }
            : new FunctionResultContent(id, text);
    }

    private string ReadResultText(RequestValue value) =>
        value.IsString ? value.String() : string.Join('\n', Items(value).Select(ReadResultBlock));

    private string ReadResultBlock(RequestValue item)
    {
        RequestFields fields = item.Fields();
        CacheControl.Take(fields);
        string type = fields.Require("type").String(), text = type switch
        {
            "text" => Text(fields),
            "document" => ReadDocument(item, fields) ?? LeftOut.Text("document"),
            "search_result" => ReadSearchResult(fields),
            "image" => ReadImage(fields),
            "tool_reference" => ReadReference(fields),
            _ => throw Unknown(item, type, "text, image, document, search_result and tool_reference"),
        };
        fields.RefuseRest();
        return text;
    }

    private string ReadReference(RequestFields fields)
    {
        string name = fields.Require("tool_name").String();
        _found.Add(name);
        return $"Found the tool {name}.";
    }

    private static string ReadImage(RequestFields fields)
    {
        fields.Require("source").Fields();
        return LeftOut.Text("image");
    }

    // Its text with what is told of it; null for a file of another kind.
    private static string? ReadDocument(RequestValue value, RequestFields fields)
    {
        RequestFields source = fields.Require("source").Fields();
        string? title = fields.Take("title")?.String(), context = fields.Take("context")?.String();
        RefuseCitations(fields);
        switch (source.Require("type").String())
        {
            case "text":
                source.Take("media_type")?.String();
                string data = source.Require("data").String();
                source.RefuseRest();
                return string.Join('\n', new[] { title, context, data }.Where(part => !string.IsNullOrEmpty(part)));
            case "content" when source.Require("content") is { IsString: true } text:
                source.RefuseRest();
                return string.Join('\n', new[] { title, context, text.String() }.Where(part => !string.IsNullOrEmpty(part)));
            case "base64" or "url" or "file" or "content":
                return null;
            default:
                throw source.Require("type").Invalid("must be text, content, base64, url or file.");
        }
    }

    private static string ReadSearchResult(RequestFields fields)
    {
        string title = fields.Require("title").String(), source = fields.Require("source").String();
        RefuseCitations(fields);
        IEnumerable<string> texts = fields.Require("content").Items().Select(item => ReadText(item, item.Fields()));
        return string.Join('\n', [$"{title} ({source})", .. texts]);
    }

    private static string ReadText(RequestValue value, RequestFields fields)
    {
        string type = fields.Require("type").String();
        if (type != "text")
            throw Unknown(value, type, "text");

        CacheControl.Take(fields);
        string text = Text(fields);
        fields.RefuseRest();
        return text;
    }

    // Citations are where text came from; the text says the same without them.
    private static string Text(RequestFields fields)
    {
        if (fields.Take("citations") is { } citations && !citations.IsArray)
            throw citations.WrongType("an array");

        return fields.Require("text").String();
    }

    private static void RefuseCitations(RequestFields fields) => fields.Refuse(
        "citations",
        value => value.ValueKind == JsonValueKind.Object
            && value.TryGetProperty("enabled", out JsonElement enabled)
            && enabled.ValueKind == JsonValueKind.False,
        "is not honoured: answers come without citations. Only {\"enabled\": false} is accepted.");
}
