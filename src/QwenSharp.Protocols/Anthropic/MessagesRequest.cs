using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.Anthropic;

/// <summary>A <c>POST /v1/messages</c>, or <c>/v1/messages/count_tokens</c>, in neutral chat types.</summary>
public sealed record MessagesRequest
{
    private const int MaxStops = 64;

    /// <summary>Which model is asked; null where the request leaves that to the server.</summary>
    public string? Model { get; private init; }

    /// <summary>The conversation with its system prompt, at least one message.</summary>
    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    /// <summary>
    /// Sampling, limits, tools and thinking. What neutral options lack is under the keys of <see cref="ChatOptionKeys"/>.
    /// </summary>
    public required ChatOptions Options { get; init; }

    /// <summary>Whether the answer comes as server-sent events.</summary>
    public bool Stream { get; private init; }

    /// <summary>Whether thoughts are left out of the reply.</summary>
    public bool HidesThinking { get; private init; }

    /// <summary>The caller's own name for who asks; it goes to the request log.</summary>
    public string? User { get; private init; }

    /// <summary>Reads a request's body.</summary>
    /// <param name="body">The body.</param>
    /// <param name="signer">Knows the thoughts of this server's models.</param>
    /// <param name="countsOnly">Whether only the prompt's tokens are asked for: then nothing is said of how much to answer.</param>
    /// <exception cref="OptionException">A field is missing, wrong, or not honoured; the error names it.</exception>
    public static MessagesRequest Read(JsonElement body, ThoughtSigner signer, bool countsOnly = false)
    {
        RequestFields fields = RequestFields.Of(body);
        IEnumerable<ChatMessage> system = fields.Take("system") is { } given ? MessageReader.ReadSystem(given) : [];
        MessageReader reader = new(signer);
        List<ChatMessage> messages = [.. system, .. reader.Read(fields.Require("messages"))];
        ChatOptions options = new() { AdditionalProperties = [] };
        ToolReader.Read(fields, reader.FoundTools, options);
        ReadSampling(fields, options, countsOnly);
        bool hides = ReadThinking(fields, options);
        ReadOutput(fields, options);
        ReadContextManagement(fields, messages);
        if (messages[^1] is { Role: var last } end && last == ChatRole.Assistant && !end.Contents.Any(part => part is FunctionCallContent))
            options.AdditionalProperties[ChatOptionKeys.ContinueFinalMessage] = true;

        // Of the whole request it stands behind its last block.
        if (CacheControl.Take(fields) is { } kept && messages[^1].Contents.LastOrDefault() is { } block)
            block.With(ContentKeys.CacheControl, kept);

        string? user = ReadUser(fields);
        if (user is not null)
            options.AdditionalProperties[RemoteOptionKeys.User] = user;

        RefuseWhatIsElsewhere(fields, options);
        bool stream = fields.Take("stream")?.Boolean() ?? false;
        string? model = fields.Take("model")?.String();
        fields.RefuseRest();
        return new MessagesRequest
        {
            Model = model,
            Messages = messages,
            Options = options,
            Stream = stream,
            HidesThinking = hides,
            User = user,
        };
    }

    private static void ReadSampling(RequestFields fields, ChatOptions options, bool countsOnly)
    {
        RequestValue? limit = countsOnly ? fields.Take("max_tokens") : fields.Require("max_tokens");
        options.MaxOutputTokens = (int?)limit?.Integer(1, int.MaxValue);
        options.Temperature = fields.Take("temperature")?.Number(0, 2);
        options.TopK = (int?)fields.Take("top_k")?.Integer(0, int.MaxValue);

        // 0 leaves the likeliest token alone; neutral options start just above.
        options.TopP = fields.Take("top_p")?.Number(0, 1) is { } p ? Math.Max(p, float.Epsilon) : null;
        if (fields.Take("stop_sequences") is not { } stops)
            return;

        options.StopSequences = [.. stops.Items().Select(item => item.String())];
        if (options.StopSequences.Count > MaxStops)
            throw stops.Invalid($"may hold at most {MaxStops} strings, not {options.StopSequences.Count}.");

        if (options.StopSequences.Contains(""))
            throw stops.Invalid("holds an empty string, at which every answer would stop.");
    }

    // Who does not ask for thinking gets none, as in the protocol. "adaptive" leaves it to the model how much, "between_tools" when.
    private static bool ReadThinking(RequestFields fields, ChatOptions options)
    {
        options.AdditionalProperties![ChatOptionKeys.EnableThinking] = false;
        if (fields.Take("thinking") is not { } value)
            return false;

        RequestFields thinking = value.Fields();
        RequestValue type = thinking.Require("type");
        string kind = type.String();
        if (kind is not ("enabled" or "disabled" or "adaptive" or "between_tools"))
            throw type.Invalid($"must be enabled, disabled, adaptive or between_tools, not '{Excerpt.Of(kind)}'.");

        options.AdditionalProperties[ChatOptionKeys.EnableThinking] = kind != "disabled";
        if (kind == "enabled")
            options.AdditionalProperties[ChatOptionKeys.ThinkingBudget] = (int)thinking.Require("budget_tokens").Integer(1, int.MaxValue);

        bool hides = false;
        if (kind != "disabled" && thinking.Take("display") is { } display)
        {
            hides = display.String() switch
            {
                "omitted" => true,
                "summarized" or "updates" => false,
                string other => throw display.Invalid($"must be summarized, updates or omitted, not '{Excerpt.Of(other)}'."),
            };
        }

        thinking.RefuseRest();
        return hides;
    }

    private static void ReadOutput(RequestFields fields, ChatOptions options)
    {
        if (fields.Take("output_config") is { } value)
        {
            RequestFields output = value.Fields();
            if (output.Take("effort") is { } effort)
                ReadEffort(effort, options);

            if (output.Take("format") is { } format)
                options.ResponseFormat = ReadFormat(format);

            output.RefuseRest();
        }

        if (fields.Take("output_format") is not { } older)
            return;

        if (options.ResponseFormat is not null)
            throw older.Conflict($"{new OptionName(older.Path)} is the older name of {new OptionName("output_config.format")}; give one.");

        options.ResponseFormat = ReadFormat(older);
        options.AdditionalProperties![ChatOptionKeys.AnswerOption] = older.Path;
    }

    // Effort is that of thinking: where that is off, there is nothing to make it of.
    private static void ReadEffort(RequestValue value, ChatOptions options)
    {
        ReasoningEffort effort = value.String() switch
        {
            "low" => ReasoningEffort.Low,
            "medium" => ReasoningEffort.Medium,
            "high" => ReasoningEffort.High,
            "xhigh" or "max" => ReasoningEffort.ExtraHigh,
            string other => throw value.Invalid($"must be low, medium, high, xhigh or max, not '{Excerpt.Of(other)}'."),
        };
        if (value.String() == "max")
            options.AdditionalProperties![RemoteOptionKeys.Effort] = "max";

        if (options.AdditionalProperties![ChatOptionKeys.EnableThinking] is true)
            options.Reasoning = new ReasoningOptions { Effort = effort };
    }

    private static ChatResponseFormat ReadFormat(RequestValue value)
    {
        RequestFields format = value.Fields();
        RequestValue type = format.Require("type");
        if (type.String() != "json_schema")
            throw type.Invalid($"must be json_schema, not '{Excerpt.Of(type.String())}'.");

        RequestValue schema = format.Require("schema");
        schema.Fields();
        format.RefuseRest();
        return ChatResponseFormat.ForJsonSchema(schema.Element.Clone());
    }

    // Of the edits, the one that every agent asks for: which of the earlier thoughts stay.
    private static void ReadContextManagement(RequestFields fields, List<ChatMessage> messages)
    {
        if (fields.Take("context_management") is not { } value)
            return;

        RequestFields management = value.Fields();
        foreach (RequestValue item in management.Take("edits")?.Items() ?? [])
        {
            RequestFields edit = item.Fields();
            RequestValue type = edit.Require("type");
            if (type.String() != "clear_thinking_20251015")
            {
                throw type.Unsupported(
                    $"is '{Excerpt.Of(type.String())}'; of the edits this server makes only 'clear_thinking_20251015'. Leave it out.");
            }

            if (ReadKept(edit) is { } kept)
                ForgetThoughts(messages, kept);

            edit.RefuseRest();
        }

        management.RefuseRest();
    }

    // How many turns keep their thoughts; null for all. One where nothing is said, as in the protocol.
    private static int? ReadKept(RequestFields edit)
    {
        if (edit.Take("keep") is not { } value)
            return 1;

        if (value.IsString)
            return value.String() == "all" ? null : throw value.Invalid("must be \"all\" or a number of thinking turns.");

        RequestFields keep = value.Fields();
        RequestValue type = keep.Require("type");
        int? kept = type.String() switch
        {
            "all" => null,
            "thinking_turns" => (int)keep.Require("value").Integer(1, int.MaxValue),
            string other => throw type.Invalid($"must be all or thinking_turns, not '{Excerpt.Of(other)}'."),
        };
        keep.RefuseRest();
        return kept;
    }

    private static void ForgetThoughts(List<ChatMessage> messages, int kept)
    {
        for (int i = messages.Count - 1; i >= 0; i--)
        {
            List<AIContent> said = [.. messages[i].Contents.Where(content => content is not TextReasoningContent)];
            if (said.Count < messages[i].Contents.Count && --kept < 0)
                messages[i] = new ChatMessage(messages[i].Role, said);
        }
    }

    private static string? ReadUser(RequestFields fields)
    {
        if (fields.Take("metadata") is not { } value)
            return null;

        RequestFields metadata = value.Fields();
        string? user = metadata.Take("user_id")?.String();
        metadata.RefuseRest();
        return user;
    }

    private static void RefuseWhatIsElsewhere(RequestFields fields, ChatOptions options)
    {
        if (fields.Take("service_tier") is { } tier)
        {
            if (tier.String() is not ("auto" or "standard_only"))
                throw tier.Invalid($"must be auto or standard_only, not '{Excerpt.Of(tier.String())}'.");

            options.AdditionalProperties![RemoteOptionKeys.ServiceTier] = tier.String();
        }

        fields.Refuse("container", _ => false, "is not honoured: no code is run here. Leave it out.");
        fields.Refuse("mcp_servers", value => value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0,
            "are not asked by this server. Connect to them yourself, and give their tools as 'tools'.");
        fields.Refuse("thread", _ => false, "is not honoured: no conversation is kept here. Send all messages.");
        fields.Refuse("inference_geo", _ => false, "is not honoured: this server is where it is. Leave it out.");
        fields.Refuse("speed", value => value.ValueKind == JsonValueKind.String && value.ValueEquals("standard"),
            "is not honoured: there is one speed. Only \"standard\" is accepted.");
    }
}
