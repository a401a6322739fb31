using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.DashScope;

/// <summary>A <c>POST /api/v1/services/aigc/text-generation/generation</c>, in neutral chat types.</summary>
public sealed record GenerationRequest
{
    private const int MaxChoices = 4;
    private const int MaxStops = 16;
    private const int MaxTopLogprobs = 5;

    /// <summary>Which model is asked; null where the request leaves that to the server.</summary>
    public string? Model { get; init; }

    /// <summary>The conversation, at least one message.</summary>
    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    /// <summary>How many independent answers to give, 1 to 4.</summary>
    public int Choices { get; init; } = 1;

    /// <summary>Whether the answer comes as a message, which may hold calls, and not as bare text.</summary>
    public bool AsMessage { get; init; }

    /// <summary>Whether each event of a stream has only what is new, and not all that was said so far.</summary>
    public bool IsIncremental { get; init; }

    /// <summary>Sampling, limits, tools.</summary>
    public required ChatOptions Options { get; init; }

    /// <summary>Reads a request's body.</summary>
    /// <exception cref="OptionException">A field is missing, wrong, or not honoured; the error names it.</exception>
    public static GenerationRequest Read(JsonElement body)
    {
        RequestFields fields = RequestFields.Of(body);
        string? model = fields.Take("model")?.String();
        RequestFields input = fields.Require("input").Fields();
        ChatOptions options = new() { AdditionalProperties = [] };
        List<ChatMessage> messages = MessageReader.Read(input, options);
        input.RefuseRest();
        GenerationRequest request = fields.Take("parameters") is { } parameters
            ? ReadParameters(parameters.Fields(), options, messages)
            : new GenerationRequest { Messages = messages, Options = options };
        fields.RefuseRest();
        return request with { Model = model };
    }

    private static GenerationRequest ReadParameters(RequestFields fields, ChatOptions options, List<ChatMessage> messages)
    {
        bool asMessage = fields.Take("result_format") is { } format && format.String() switch
        {
            "message" => true,
            "text" => false,
            string other => throw format.Invalid($"must be text or message, not '{Excerpt.Of(other)}'."),
        };
        RequestValue? choices = fields.Take("n");
        int n = (int)(choices?.Integer(1, MaxChoices) ?? 1);
        if (n > 1 && !asMessage)
            throw NeedsMessage(choices!.Value);

        ReadSampling(fields, options);
        ReadThinking(fields, options);
        ReadTools(fields, options, asMessage);
        ReadLogprobs(fields, options, asMessage);
        if (fields.Take("response_format") is { } output && ResponseFormats.Read(output) is { } json)
            options.ResponseFormat = json;

        bool incremental = fields.Take("incremental_output")?.Boolean() ?? false;
        fields.Refuse("enable_search", IsFalse, "is not honoured: this server searches nothing. Offer the search as a tool.");
        fields.Refuse("search_options", AsksNothing, "is not honoured: this server searches nothing. Leave it out.");
        fields.Refuse("enable_code_interpreter", IsFalse, "is not honoured: this server runs no code. Offer it as a tool.");
        fields.RefuseRest();
        return new GenerationRequest
        {
            Messages = messages,
            Choices = n,
            AsMessage = asMessage,
            IsIncremental = incremental,
            Options = options,
        };
    }

    private static void ReadSampling(RequestFields fields, ChatOptions options)
    {
        options.Temperature = fields.Take("temperature")?.Number(0, 2);
        options.TopP = fields.Take("top_p")?.Number(0, 1) is { } p ? Math.Max(p, float.Epsilon) : null;
        options.TopK = (int?)fields.Take("top_k")?.Integer(0, int.MaxValue);
        options.PresencePenalty = fields.Take("presence_penalty")?.Number(-2, 2);
        options.Seed = fields.Take("seed")?.Integer(0, long.MaxValue);
        options.MaxOutputTokens = (int?)fields.Take("max_tokens")?.Integer(1, int.MaxValue);
        if (fields.Take("repetition_penalty")?.Number(0.01, 100) is { } penalty)
            options.AdditionalProperties![ChatOptionKeys.RepetitionPenalty] = penalty;

        if (fields.Take("stop") is { } stop)
            options.StopSequences = ReadStop(stop);
    }

    private static List<string> ReadStop(RequestValue stop)
    {
        if (stop.IsString)
            return stop.String().Length > 0 ? [stop.String()] : throw stop.Invalid("is empty; every answer would stop at it.");

        List<string> stops = [];
        foreach (RequestValue item in stop.Items())
        {
            if (!item.IsString)
                throw item.Unsupported("is no text; token ids are not built here.");

            stops.Add(item.String());
        }

        return stops.Count <= MaxStops && !stops.Contains("")
            ? stops
            : throw stop.Invalid($"may hold at most {MaxStops} texts, none of them empty.");
    }

    private static void ReadThinking(RequestFields fields, ChatOptions options)
    {
        ThinkingSwitch thinking = new();
        if (fields.Take("enable_thinking") is { } enabled)
            thinking.Switch(enabled, enabled.Boolean());

        if (fields.Take("thinking_budget") is { } budget)
            thinking.Budget(budget);

        thinking.Apply(options);
    }

    private static void ReadTools(RequestFields fields, ChatOptions options, bool asMessage)
    {
        RequestValue? list = fields.Take("tools"), choice = fields.Take("tool_choice");
        bool? parallel = fields.Take("parallel_tool_calls")?.Boolean();
        options.Tools = list is { } given ? FunctionTools.Read(given) : null;
        if (options.Tools is not { } tools)
            return;

        if (!asMessage)
            throw NeedsMessage(list!.Value);

        // Qwen's cloud makes one call unless it is asked for more, and its clients read several all the same.
        options.AllowMultipleToolCalls = parallel;
        if (choice is not { } how)
            return;

        if (how.IsString)
        {
            options.ToolMode = how.String() switch
            {
                "auto" => ChatToolMode.Auto,
                "none" => ChatToolMode.None,
                "required" => ChatToolMode.RequireAny,
                string other => throw how.Invalid($"must be auto, none, required or an object, not '{Excerpt.Of(other)}'."),
            };
            return;
        }

        RequestFields named = how.Fields();
        options.ToolMode = ChatToolMode.RequireSpecific(FunctionTools.ReadName(named, [.. tools]));
        named.RefuseRest();
    }

    private static void ReadLogprobs(RequestFields fields, ChatOptions options, bool asMessage)
    {
        RequestValue? asked = fields.Take("logprobs"), top = fields.Take("top_logprobs");
        int most = (int)(top?.Integer(0, MaxTopLogprobs) ?? 0);
        if (asked is not { } logprobs || !logprobs.Boolean())
        {
            if (most > 0)
                throw top!.Value.Conflict($"{new OptionName(top.Value.Path)} is only allowed when {new OptionName("logprobs")} is true.");

            return;
        }

        if (!asMessage)
            throw NeedsMessage(logprobs);

        options.AdditionalProperties![ChatOptionKeys.Logprobs] = true;
        options.AdditionalProperties[ChatOptionKeys.TopLogprobs] = most;
    }

    private static OptionException NeedsMessage(RequestValue value) => value.Conflict(
        $"{new OptionName(value.Path)} is only allowed when {new OptionName("parameters.result_format")} is \"message\".");

    private static bool IsFalse(JsonElement value) => value.ValueKind == JsonValueKind.False;

    private static bool AsksNothing(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object && value.EnumerateObject().All(option => IsFalse(option.Value));
}
