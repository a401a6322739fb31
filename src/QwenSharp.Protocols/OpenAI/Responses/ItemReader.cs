using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.OpenAI.Responses;

/// <summary>
/// Items as neutral chat messages. What the assistant thought, said and called in a row is one message, as the model wrote it, so that a
/// history that is continued becomes the same prompt again.
/// </summary>
/// <param name="sealer">Knows the thoughts of this server's models.</param>
/// <param name="find">A stored item by its id; null where there is none.</param>
internal sealed class ItemReader(ThoughtSealer sealer, Func<string, JsonElement?> find)
{
    private readonly List<ChatMessage> _messages = [];
    private ChatMessage? _turn;

    /// <summary>The messages of the items so far.</summary>
    public IReadOnlyList<ChatMessage> Messages => _messages;

    /// <summary>Adds a text for a role, as an <c>input</c> that is a string, or <c>instructions</c>.</summary>
    public void Add(ChatRole role, string text) => Add(new ChatMessage(role, text));

    /// <summary>Adds an item.</summary>
    public void Add(RequestValue item)
    {
        RequestFields fields = item.Fields();
        RequestValue? type = fields.Take("type");
        switch (InputItems.TypeOf(type, fields))
        {
            case "message":
                AddMessage(fields);
                break;
            case "reasoning":
                AddThought(fields);
                break;
            case "function_call":
                AddCall(fields, CallArguments.Read(fields.Require("arguments")));
                break;
            case "custom_tool_call":
                string input = fields.Require("input").String();
                AddCall(fields, new Dictionary<string, object?> { [ResponseTools.CustomInput] = input });
                break;
            case "function_call_output" or "custom_tool_call_output":
                AddResult(fields);
                break;
            case "item_reference":
                RequestValue id = fields.Require("id");
                JsonElement found = find(id.String())
                    ?? throw id.Invalid($"is '{Excerpt.Of(id.String())}', which no stored item is called.");
                Add(new RequestValue(found, item.Path));
                break;
            case string other:
                throw (type ?? item).Unsupported(
                    $"is '{Excerpt.Of(other)}'. This server takes message, reasoning, function_call, function_call_output, "
                        + "custom_tool_call, custom_tool_call_output and item_reference.");
        }

        fields.RefuseRest();
    }

    private void AddMessage(RequestFields fields)
    {
        fields.Take("id")?.String();
        fields.Take("status")?.String();
        fields.Take("phase")?.String();
        RequestValue role = fields.Require("role");
        RequestValue? content = fields.Take("content");
        switch (role.String())
        {
            case "user":
                Add(new ChatMessage(ChatRole.User, [.. ReadParts(content)]));
                break;
            case "system" or "developer":
                Add(new ChatMessage(ChatRole.System, [.. ReadParts(content)]));
                break;
            case "assistant":
                AddToTurn(ReadParts(content));
                break;
            case string other:
                throw role.Invalid($"must be user, assistant, system or developer, not '{Excerpt.Of(other)}'.");
        }
    }

    // Another server's sealed thought cannot be read, and its summary is not what was thought: it goes to whom it came from, and the
    // conversation goes on without elsewhere.
    private void AddThought(RequestFields fields)
    {
        string? id = fields.Take("id")?.String();
        fields.Take("status")?.String();
        string? shown = ReadThought(fields.Take("content"), "reasoning_text");
        ReadThought(fields.Take("summary"), "summary_text");
        string? hidden = fields.Take("encrypted_content")?.String();
        string? opened = hidden is null ? null : sealer.Open(hidden), thought = shown ?? opened ?? Stored(id);
        if (thought is not null)
            AddToTurn([new TextReasoningContent(thought)]);

        if (hidden is not null && opened is null)
            AddToTurn([ForeignOrigin.Read(hidden, ThoughtSealer.Elsewhere, thought: "")]);
    }

    private string? Stored(string? id) => id is not null
        && find(id) is { ValueKind: JsonValueKind.Object } item
        && item.TryGetProperty("content", out JsonElement content)
            ? ReadThought(new RequestValue(content, "content"), "reasoning_text")
            : null;

    private void AddCall(RequestFields fields, Dictionary<string, object?> arguments)
    {
        fields.Take("id")?.String();
        fields.Take("status")?.String();
        string? group = fields.Take("namespace")?.String();
        string name = ResponseTools.Visible(group, fields.Require("name").String());
        AddToTurn([new FunctionCallContent(fields.Require("call_id").String(), name, arguments)]);
    }

    private void AddResult(RequestFields fields)
    {
        fields.Take("id")?.String();
        fields.Take("status")?.String();
        fields.Take("name")?.String();
        string callId = fields.Require("call_id").String();
        List<AIContent> parts = ReadParts(fields.Take("output"), isResult: true);
        object result = parts.All(part => part is TextContent)
            ? string.Concat(parts.Cast<TextContent>().Select(part => part.Text))
            : parts;
        Add(new ChatMessage(ChatRole.Tool, [new FunctionResultContent(callId, result)]));
    }

    private void Add(ChatMessage message)
    {
        _messages.Add(message);
        _turn = null;
    }

    // A turn is thoughts, then words, then calls; what comes in another order begins the next.
    private void AddToTurn(IReadOnlyList<AIContent> contents)
    {
        bool fits = _turn is not null && contents is [var first, ..] && _turn.Contents.All(before => Rank(before) <= Rank(first));
        if (!fits)
            _messages.Add(_turn = new ChatMessage(ChatRole.Assistant, []));

        foreach (AIContent content in contents)
            _turn!.Contents.Add(content);
    }

    private static int Rank(AIContent content) => content switch
    {
        TextReasoningContent => 0,
        TextContent => 1,
        _ => 2,
    };

    private static List<AIContent> ReadParts(RequestValue? value, bool isResult = false)
    {
        if (value is not { } content)
            return [];

        if (content.IsString)
            return [new TextContent(content.String())];

        return content.IsArray
            ? [.. content.Items().Select(part => ReadPart(part, isResult))]
            : throw content.WrongType("a string or an array of parts");
    }

    private static AIContent ReadPart(RequestValue part, bool isResult)
    {
        RequestFields fields = part.Fields();
        RequestValue type = fields.Require("type");
        AIContent content = type.String() switch
        {
            "input_text" or "output_text" or "text" => new TextContent(fields.Require("text").String()),
            "refusal" => new TextContent(fields.Require("refusal").String()).With(ContentKeys.Refusal, true),
            "input_image" or "input_file" => ReadMedium(fields, type, isResult),
            string other => throw Refused(type, other),
        };

        // What other servers' answers carry along, and agents that mark what is to be kept; here every prompt is.
        fields.Take("annotations")?.Items();
        fields.Take("logprobs")?.Items();
        if (fields.Take("prompt_cache_breakpoint") is { } kept)
        {
            kept.Fields();
            content.With(ContentKeys.CacheControl, "");
        }

        fields.RefuseRest();
        return content;
    }

    // A picture that a tool gave is not what the user asked for by sending it; the conversation goes on without.
    private static AIContent ReadMedium(RequestFields fields, RequestValue type, bool isResult)
    {
        bool isImage = type.String() == "input_image";
        string? name = fields.Take("filename")?.String(), detail = fields.Take("detail")?.String();
        RequestValue? id = fields.Take("file_id");
        RequestValue? address = fields.Take("image_url") ?? fields.Take("file_url") ?? fields.Take("file_data");
        string kind = isImage ? "image/*" : "application/pdf";
        if (isResult && address is { } given && Medium.TryAt(given, kind) is null)
            return new TextContent(LeftOut.Text(isImage ? "image" : "file"));

        AIContent medium = (address, id) switch
        {
            ({ } at, _) => Medium.At(at, kind),
            (_, { } file) => new HostedFileContent(file.String()) { Name = name },
            _ => throw Refused(type, type.String()),
        };
        if (medium is DataContent data)
            data.Name = name;

        medium.With(ContentKeys.Detail, detail);
        return isResult ? medium.ReadAs(LeftOut.Text(isImage ? "image" : "file")) : medium.Refused(Refused(type, type.String()).Fault);
    }

    private static OptionNotSupportedException Refused(RequestValue type, string what) =>
        type.Unsupported($"is '{Excerpt.Of(what)}', but this server reads text only.");

    private static string? ReadThought(RequestValue? value, string type)
    {
        if (value is not { } parts)
            return null;

        string thought = "";
        foreach (RequestValue part in parts.Items())
        {
            RequestFields fields = part.Fields();
            RequestValue kind = fields.Require("type");
            if (kind.String() != type)
                throw kind.Invalid($"must be {type}, not '{Excerpt.Of(kind.String())}'.");

            thought += fields.Require("text").String();
            fields.RefuseRest();
        }

        return thought.Length > 0 ? thought : null;
    }
}
