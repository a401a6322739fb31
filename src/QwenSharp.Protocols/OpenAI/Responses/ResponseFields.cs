using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.OpenAI.Responses;

/// <summary>What a request asks of the form of its response, and the fields that ask for nothing that changes one.</summary>
internal sealed record ResponseFields
{
    private const int MaxTopLogprobs = 20;

    private static readonly string[] Elsewhere =
    [
        "file_search_call.results", "web_search_call.results", "web_search_call.action.sources", "message.input_image.image_url",
        "computer_call_output.output.image_url", "code_interpreter_call.outputs",
    ];

    /// <summary>Whether thoughts come sealed too.</summary>
    public bool SealsThoughts { get; init; }

    /// <summary>Whether thoughts come as a summary.</summary>
    public bool Summarizes { get; init; }

    /// <summary>What a model is told of how much to say; null for nothing.</summary>
    public string? Verbosity { get; init; }

    /// <summary>The caller's own name for who asks.</summary>
    public string? SafetyIdentifier { get; init; }

    /// <summary>Reads them, and into options what those have a place for.</summary>
    public static ResponseFields Read(RequestFields fields, ChatOptions options)
    {
        bool seals = ReadInclude(fields, options);
        bool summarizes = fields.Take("reasoning") is { } reasoning && ReadReasoning(reasoning, options);
        string? verbosity = fields.Take("text") is { } text ? ReadText(text, options) : null;
        ReadLabels(fields);
        GenerationFields.ReadPriority(fields, options);
        RefuseOthers(fields);
        return new ResponseFields
        {
            SealsThoughts = seals,
            Summarizes = summarizes,
            Verbosity = verbosity,
            SafetyIdentifier = fields.Take("safety_identifier")?.String(),
        };
    }

    private static bool ReadInclude(RequestFields fields, ChatOptions options)
    {
        bool seals = false, logprobs = false;
        foreach (RequestValue item in fields.Take("include")?.Items() ?? [])
        {
            string included = item.String();
            seals |= included == "reasoning.encrypted_content";
            logprobs |= included == "message.output_text.logprobs";

            // Of what never comes nothing is left out.
            if (included is not ("reasoning.encrypted_content" or "message.output_text.logprobs") && !Elsewhere.Contains(included))
            {
                throw item.Invalid(
                    $"is '{Excerpt.Of(included)}'; reasoning.encrypted_content and message.output_text.logprobs can be included.");
            }
        }

        int top = (int)(fields.Take("top_logprobs")?.Integer(0, MaxTopLogprobs) ?? 0);
        if (logprobs || top > 0)
        {
            options.AdditionalProperties![ChatOptionKeys.Logprobs] = true;
            options.AdditionalProperties[ChatOptionKeys.TopLogprobs] = top;
        }

        return seals;
    }

    private static bool ReadReasoning(RequestValue value, ChatOptions options)
    {
        RequestFields members = value.Fields();
        if (members.Take("effort") is { } effort)
        {
            ThinkingSwitch thinking = new();
            options.Reasoning = new ReasoningOptions { Effort = ReasoningFields.ReadEffort(effort, thinking) };
            thinking.Apply(options);
        }

        bool summarizes = false;
        foreach (string name in (string[])["summary", "generate_summary"])
        {
            if (members.Take(name) is not { } summary)
                continue;

            if (summary.String() is not ("auto" or "concise" or "detailed" or "none"))
                throw summary.Invalid($"must be auto, concise or detailed, not '{Excerpt.Of(summary.String())}'.");

            summarizes |= summary.String() != "none";
        }

        // Which earlier thoughts a model sees again is its template's to say.
        if (members.Take("context") is { } context && context.String() != "auto")
            throw context.Unsupported("is not built: the model's template says which thoughts it sees again. Only \"auto\" is accepted.");

        if (members.Take("mode") is { } mode && mode.String() != "standard")
            throw mode.Unsupported("is not built. Only \"standard\" is accepted.");

        members.RefuseRest();
        return summarizes;
    }

    private static string? ReadText(RequestValue value, ChatOptions options)
    {
        RequestFields members = value.Fields();
        if (members.Take("format") is { } format)
            options.ResponseFormat = ReadFormat(format);

        string? verbosity = members.Take("verbosity") is { } said ? OpenAI.Verbosity.Read(said) : null;
        members.RefuseRest();
        return verbosity;
    }

    private static ChatResponseFormatJson? ReadFormat(RequestValue value)
    {
        RequestFields fields = value.Fields();
        RequestValue type = fields.Require("type");
        ChatResponseFormatJson? format = type.String() switch
        {
            "text" => null,
            "json_object" => ChatResponseFormat.Json,
            "json_schema" => ResponseFormats.Of(
                fields.Require("schema"), fields.Take("name")?.String(), fields.Take("description")?.String()),
            string other => throw type.Unsupported($"is '{Excerpt.Of(other)}'; text, json_object and json_schema are built."),
        };

        // An answer is held to its schema either way.
        fields.Take("strict")?.Boolean();
        fields.RefuseRest();
        return format;
    }

    // Labels to find a response by, how long what was computed of a prompt is kept, what a client counts by, and how often the service may
    // search by itself, which it does not.
    private static void ReadLabels(RequestFields fields)
    {
        GenerationFields.ReadMetadata(fields);
        fields.Take("prompt_cache_key")?.String();
        fields.Take("client_metadata")?.Fields();
        fields.Take("max_tool_calls")?.Integer(1, int.MaxValue);
        fields.Take("prompt_cache_options")?.Fields();
        if (fields.Take("prompt_cache_retention") is { } retention && retention.String() is not ("in_memory" or "in-memory" or "24h"))
            throw retention.Invalid($"must be in_memory or 24h, not '{Excerpt.Of(retention.String())}'.");
    }

    private static void RefuseOthers(RequestFields fields)
    {
        fields.Refuse("background", InertFields.IsFalse, "is not built: a response is there when it is answered. Only false is accepted.");
        fields.Refuse("prompt", _ => false, "is not built: this server keeps no prompts. Send 'instructions' and 'input'.");
        fields.Refuse("moderation", _ => false, "is not honoured here; ask POST /v1/moderations. Leave it out.");
        fields.Refuse(
            "truncation",
            value => value.ValueKind == System.Text.Json.JsonValueKind.String && value.ValueEquals("disabled"),
            "is not built: a conversation that does not fit is refused. Only \"disabled\" is accepted.");
        fields.Refuse(
            "context_management",
            value => value.ValueKind == System.Text.Json.JsonValueKind.Array && value.GetArrayLength() == 0,
            "is not built: a conversation stays as it is. Leave it out or empty.");
    }
}
