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
        .Where(text => !text.Text.StartsWith(Billing, StringComparison.Ordinal))
        .Select(text => new ChatMessage(ChatRole.System, [text]));

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
            "user" => [new ChatMessage(ChatRole.User, Blocks(content, ReadUserBlock))],
            "assistant" => [new ChatMessage(ChatRole.Assistant, Blocks(content, ReadAssistantBlock))],
            "system" => ReadSystem(content),
            string other => throw role.Invalid($"must be user, assistant or system, not '{Excerpt.Of(other)}'."),
        };
    }

    private static IEnumerable<TextContent> SystemTexts(RequestValue value) =>
        value.IsString ? [new TextContent(value.String())] : [.. Items(value).Select(item => ReadText(item))];

    private static IEnumerable<RequestValue> Items(RequestValue value) =>
        value.IsArray ? value.Items() : throw value.WrongType("a string or an array of blocks");

    private static List<AIContent> Blocks(RequestValue value, Func<RequestValue, RequestFields, string, AIContent> read)
    {
        if (value.IsString)
            return [new TextContent(value.String())];

        List<AIContent> contents = [];
        foreach (RequestValue item in Items(value))
        {
            RequestFields fields = item.Fields();
            string? kept = CacheControl.Take(fields);
            contents.Add(read(item, fields, fields.Require("type").String()).With(ContentKeys.CacheControl, kept));
            fields.RefuseRest();
        }

        return contents;
    }

    private AIContent ReadAssistantBlock(RequestValue value, RequestFields fields, string type)
    {
        switch (type)
        {
            case "text":
                return new TextContent(Text(fields));
            case "thinking":
                return ReadThought(fields.Require("thinking").String(), fields.Take("signature")?.String() ?? "");
            case "redacted_thinking":
                return ForeignThought.ReadRedacted(fields.Require("data").String());
            case "tool_use":
                return ReadCall(fields);
            default:
                throw Unknown(value, type, "text, thinking, redacted_thinking and tool_use");
        }
    }

    // A thought that another server, or this one before it was started again, has signed is nobody's here: it goes to whom it came from,
    // and is left out elsewhere, as the model's thoughts of earlier turns are. Refused, it would end the conversation.
    private TextReasoningContent ReadThought(string thought, string signature) =>
        signer.IsOwn(thought, signature) ? new TextReasoningContent(thought) : ForeignThought.Read(thought, signature);

    // A user's blocks are texts of their own, such as a file and a question about it: each begins a line.
    private AIContent ReadUserBlock(RequestValue value, RequestFields fields, string type) => type switch
    {
        "text" => new TextContent(Text(fields)).OnALine(),
        "document" => DocumentReader.Read(value, fields).OnALine(),
        "search_result" => new TextContent(ReadSearchResult(fields)).OnALine(),
        "tool_result" => ReadResult(fields),
        "image" => ReadImage(fields).Refused(NoText(value, type).Fault),
        _ => throw Unknown(value, type, "text, document, search_result and tool_result"),
    };

    /// <summary>That a block is no text, and a model that reads text alone is asked.</summary>
    internal static OptionNotSupportedException NoText(RequestValue value, string type) => new(
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
        List<AIContent> parts = fields.Take("content") is { } content ? ReadResultParts(content) : [];
        bool failed = fields.Take("is_error")?.Boolean() ?? false;
        bool isText = parts.All(part =>
            part is TextContent && part.AdditionalProperties?.ContainsKey(ContentKeys.CacheControl) is not true);
        string text = isText ? string.Join('\n', parts.Cast<TextContent>().Select(part => part.Text)) : "";
        object result = isText ? text : parts;
        if (!failed || isText && text.StartsWith("Error", StringComparison.OrdinalIgnoreCase))
            return new FunctionResultContent(id, result);

        return new FunctionResultContent(id, isText ? null : result) { Exception = new InvalidOperationException(text) };
    }

    private List<AIContent> ReadResultParts(RequestValue value) =>
        value.IsString ? [new TextContent(value.String())] : [.. Items(value).Select(ReadResultBlock)];

    private AIContent ReadResultBlock(RequestValue item)
    {
        RequestFields fields = item.Fields();
        string? kept = CacheControl.Take(fields);
        string type = fields.Require("type").String();
        AIContent part = type switch
        {
            "text" => new TextContent(Text(fields)),
            "document" => DocumentReader.ReadResult(item, fields),
            "search_result" => new TextContent(ReadSearchResult(fields)),
            "image" => ReadImage(fields).ReadAs(LeftOut.Text(type)),
            "tool_reference" => new TextContent(ReadReference(fields)),
            _ => throw Unknown(item, type, "text, image, document, search_result and tool_reference"),
        };
        fields.RefuseRest();
        return part.With(ContentKeys.CacheControl, kept).OnALine();
    }

    private string ReadReference(RequestFields fields)
    {
        string name = fields.Require("tool_name").String();
        _found.Add(name);
        return $"Found the tool {name}.";
    }

    private static AIContent ReadImage(RequestFields fields) => SourceReader.Read(fields.Require("source").Fields(), "image/*");

    private static string ReadSearchResult(RequestFields fields)
    {
        string title = fields.Require("title").String(), source = fields.Require("source").String();
        RefuseCitations(fields);
        IEnumerable<string> texts = fields.Require("content").Items().Select(item => ReadText(item).Text);
        return string.Join('\n', [$"{title} ({source})", .. texts]);
    }

    /// <summary>A block that may only be text.</summary>
    internal static TextContent ReadText(RequestValue value)
    {
        RequestFields fields = value.Fields();
        string type = fields.Require("type").String();
        if (type != "text")
            throw Unknown(value, type, "text");

        string? kept = CacheControl.Take(fields);
        string text = Text(fields);
        fields.RefuseRest();
        return new TextContent(text).With(ContentKeys.CacheControl, kept);
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
        value => !AsksForCitations(value),
        "is not honoured: answers come without citations. Only {\"enabled\": false} is accepted.");

    /// <summary>Whether the value of <c>citations</c> asks for any.</summary>
    internal static bool AsksForCitations(JsonElement value) => !(value.ValueKind == JsonValueKind.Object
        && value.TryGetProperty("enabled", out JsonElement enabled)
        && enabled.ValueKind == JsonValueKind.False);
}
