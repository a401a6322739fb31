using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.OpenAI.Responses;

/// <summary>A <c>POST /v1/responses</c>, in neutral chat types.</summary>
public sealed record ResponsesRequest
{
    private readonly Func<string, JsonElement?> _find;
    private readonly ThoughtSealer _sealer;

    private ResponsesRequest(ThoughtSealer sealer, Func<string, JsonElement?> find) => (_sealer, _find) = (sealer, find);

    /// <summary>Which model is asked; null where the request leaves that to the server.</summary>
    public string? Model { get; private init; }

    /// <summary>Whether the response comes as server-sent events.</summary>
    public bool Stream { get; private init; }

    /// <summary>Whether the response is kept, to be continued and fetched.</summary>
    public bool Stores { get; private init; } = true;

    /// <summary>The response that this one continues; null where it begins.</summary>
    public string? PreviousId { get; private init; }

    /// <summary>The conversation that it belongs to; null where it is in none.</summary>
    public string? ConversationId { get; private init; }

    /// <summary>The caller's own name for who asks; it goes to the request log.</summary>
    public string? User { get; private init; }

    /// <summary>Sampling, limits, tools, reasoning and the form of the answer.</summary>
    public required ChatOptions Options { get; init; }

    /// <summary>The items of the input, as they are stored.</summary>
    public required IReadOnlyList<JsonElement> Input { get; init; }

    /// <summary>What of the request its response repeats.</summary>
    internal JsonObject Repeated { get; private init; } = [];

    internal ResponseTools Tools { get; private init; } = new();

    /// <summary>Whether the events of a stream are padded, lest their lengths tell what they say.</summary>
    internal bool Obfuscates { get; private init; }

    /// <summary>Whether thoughts come sealed too.</summary>
    internal bool SealsThoughts { get; private init; }

    /// <summary>Whether thoughts come as a summary, in which many clients show them.</summary>
    internal bool Summarizes { get; private init; }

    internal bool Logprobs => Options.AdditionalProperties!.ContainsKey(ChatOptionKeys.Logprobs);

    internal ThoughtSealer Sealer => _sealer;

    private IReadOnlyList<string> Guidance { get; init; } = [];

    /// <summary>Reads a request's body.</summary>
    /// <param name="body">The body.</param>
    /// <param name="sealer">Knows the thoughts of this server's models.</param>
    /// <param name="find">A stored item by its id; null where there is none.</param>
    /// <exception cref="OptionException">A field is missing, wrong, or not honoured; the error names it.</exception>
    public static ResponsesRequest Read(JsonElement body, ThoughtSealer sealer, Func<string, JsonElement?> find) =>
        Read(RequestFields.Of(body), sealer, find);

    /// <summary>Reads a request's fields.</summary>
    /// <inheritdoc cref="Read(JsonElement, ThoughtSealer, Func{string, JsonElement?})"/>
    public static ResponsesRequest Read(RequestFields fields, ThoughtSealer sealer, Func<string, JsonElement?> find)
    {
        ArgumentNullException.ThrowIfNull(fields);
        ChatOptions options = new()
        {
            Temperature = fields.Take("temperature")?.Number(0, 2),
            TopP = fields.Take("top_p")?.Number(0, 1) is { } p ? Math.Max(p, float.Epsilon) : null,
            MaxOutputTokens = (int?)fields.Take("max_output_tokens")?.Integer(1, int.MaxValue),
            AdditionalProperties = [],
        };
        ResponseFields read = ResponseFields.Read(fields, options);
        ResponseTools tools = ReadTools(fields, options);
        RequestValue? previous = fields.Take("previous_response_id"), conversation = fields.Take("conversation");
        if (previous is { } first && conversation is { } second)
            throw second.Conflict($"{new OptionName(second.Path)} and {new OptionName(first.Path)} both say what came before. Give one.");

        string? conversationId = conversation is { } named ? ReadConversation(named) : null;
        bool stream = fields.Take("stream")?.Boolean() ?? false;
        string? instructions = fields.Take("instructions")?.String();
        List<JsonElement> input = ReadInput(fields.Take("input"), sealer, find);
        if (input.Count == 0 && instructions is null && previous is null && conversation is null)
            fields.Require("input");

        ResponsesRequest request = new(sealer, find)
        {
            Model = fields.Take("model")?.String(),
            Stream = stream,
            Stores = fields.Take("store")?.Boolean() ?? true,
            PreviousId = previous?.String(),
            ConversationId = conversationId,
            User = fields.Take("user")?.String() ?? read.SafetyIdentifier,
            Options = options,
            Input = input,
            Tools = tools,
            Obfuscates = ReadStreamOptions(fields, stream),
            SealsThoughts = read.SealsThoughts,
            Summarizes = read.Summarizes,
            Guidance = [.. new[] { instructions, read.Verbosity }.OfType<string>().Where(text => text.Length > 0)],
            Repeated = Repeat(fields, options, tools),
        };
        fields.RefuseRest();
        return request;
    }

    /// <summary>
    /// The ids of stored items that a body refers to, before it is read: items sent as references, and thoughts sent without words.
    /// </summary>
    public static IReadOnlyList<string> Mentioned(JsonElement body, ThoughtSealer sealer)
    {
        ArgumentNullException.ThrowIfNull(sealer);
        return body.ValueKind == JsonValueKind.Object && body.TryGetProperty("input", out JsonElement input)
            ? InputItems.Mentioned(input, sealer)
            : [];
    }

    /// <summary>A tree of JSON as a value that can be kept.</summary>
    public static JsonElement ElementOf(JsonNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return InputItems.ElementOf(node);
    }

    /// <summary>The conversation that a model sees.</summary>
    /// <param name="history">The stored items that come before those of the request.</param>
    public IReadOnlyList<ChatMessage> Converse(IEnumerable<JsonElement> history)
    {
        ItemReader reader = new(_sealer, _find);
        foreach (string text in Guidance)
            reader.Add(ChatRole.System, text);

        foreach (JsonElement item in history.Concat(Input))
            reader.Add(new RequestValue(item, "input"));

        return reader.Messages;
    }

    private static List<JsonElement> ReadInput(RequestValue? value, ThoughtSealer sealer, Func<string, JsonElement?> find)
    {
        if (value is not { } input)
            return [];

        if (input.IsString)
            return [InputItems.OfText(input.String())];

        if (!input.IsArray)
            throw input.WrongType("a string or an array of items");

        ItemReader reader = new(sealer, find);
        List<JsonElement> items = [];
        foreach (RequestValue item in input.Items())
        {
            reader.Add(item);
            items.Add(InputItems.Settle(item.Element, find));
        }

        return items.Count > 0 ? items : throw input.Invalid("must hold at least one item.");
    }

    private static ResponseTools ReadTools(RequestFields fields, ChatOptions options)
    {
        ResponseTools tools = ResponseTools.Read(fields.Take("tools"));
        bool? parallel = fields.Take("parallel_tool_calls")?.Boolean();
        if (tools.Declared.Count > 0)
            (options.Tools, options.AllowMultipleToolCalls) = ([.. tools.Declared], parallel);

        if (fields.Take("tool_choice") is { } choice)
            ToolChoice.Read(choice, tools, options);

        return tools;
    }

    private static string ReadConversation(RequestValue value)
    {
        if (value.IsString)
            return value.String();

        RequestFields named = value.Fields();
        string id = named.Require("id").String();
        named.RefuseRest();
        return id;
    }

    private static bool ReadStreamOptions(RequestFields fields, bool stream)
    {
        if (fields.Take("stream_options") is not { } value)
            return false;

        if (!stream)
            throw value.Conflict($"{new OptionName(value.Path)} is only allowed when {new OptionName("stream")} is true.");

        RequestFields options = value.Fields();
        bool obfuscation = options.Take("include_obfuscation")?.Boolean() ?? false;
        options.RefuseRest();
        return obfuscation;
    }

    private static JsonObject Repeat(RequestFields fields, ChatOptions options, ResponseTools tools)
    {
        JsonNode? Sent(string name) => fields.Take(name) is { } value ? JsonNode.Parse(value.Element.GetRawText()) : null;
        JsonObject text = Sent("text") as JsonObject ?? [];
        text["format"] ??= new JsonObject { ["type"] = "text" };
        text["verbosity"] ??= "medium";
        JsonObject reasoning = Sent("reasoning") as JsonObject ?? [];
        reasoning.TryAdd("effort", null);
        reasoning.TryAdd("summary", null);
        JsonObject? conversation = Sent("conversation") switch
        {
            JsonObject named => named,
            JsonValue id => new JsonObject { ["id"] = (string?)id },
            _ => null,
        };
        return new JsonObject
        {
            ["background"] = false,
            ["conversation"] = conversation,
            ["instructions"] = Sent("instructions"),
            ["max_output_tokens"] = Sent("max_output_tokens"),
            ["max_tool_calls"] = Sent("max_tool_calls"),
            ["metadata"] = Sent("metadata") ?? new JsonObject(),
            ["parallel_tool_calls"] = Sent("parallel_tool_calls") ?? true,
            ["previous_response_id"] = Sent("previous_response_id"),
            ["prompt_cache_key"] = Sent("prompt_cache_key"),
            ["reasoning"] = reasoning,
            ["safety_identifier"] = Sent("safety_identifier"),
            ["service_tier"] = Sent("service_tier")?.GetValue<string>() == "flex" ? "flex" : "default",
            ["store"] = Sent("store") ?? true,
            ["temperature"] = Sent("temperature"),
            ["text"] = text,
            ["tool_choice"] = Sent("tool_choice") ?? "auto",
            ["tools"] = tools.Sent,
            ["top_logprobs"] = Sent("top_logprobs") ?? 0,
            ["top_p"] = Sent("top_p"),
            ["truncation"] = "disabled",
            ["user"] = Sent("user"),
        };
    }
}
