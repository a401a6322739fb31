using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>The fields that <c>/v1/chat/completions</c> and <c>/v1/completions</c> share.</summary>
public sealed record GenerationFields
{
    // The protocol's own clients send up to 4; other servers take more, and their clients send them.
    private const int MaxStops = 16;
    internal const int MaxChoices = 128;
    private const int MaxLabels = 16;

    /// <summary>Which model is asked; null where the request leaves that to the server.</summary>
    public string? Model { get; init; }

    /// <summary>How many independent answers to give, 1 to 128; a seed counts up from one to the next.</summary>
    public int Choices { get; init; } = 1;

    /// <summary>Whether the answer comes as server-sent events.</summary>
    public bool Stream { get; init; }

    /// <summary>Whether a stream ends with a chunk that counts the tokens.</summary>
    public bool IncludeUsage { get; init; }

    /// <summary>Whether the events of a stream are padded, lest their lengths tell what they say.</summary>
    public bool Obfuscates { get; init; }

    /// <summary>The caller's own name for who asks; it goes to the request log.</summary>
    public string? User { get; init; }

    /// <summary>Sampling and limits. What neutral options lack is under the keys of <see cref="ChatOptionKeys"/>.</summary>
    public required ChatOptions Options { get; init; }

    internal static GenerationFields Read(RequestFields fields, int leastTokens = 1)
    {
        bool stream = fields.Take("stream")?.Boolean() ?? false;
        (bool usage, bool obfuscation) = ReadStreamOptions(fields, stream);
        return new GenerationFields
        {
            Model = fields.Take("model")?.String(),
            Choices = (int)(fields.Take("n")?.Integer(1, MaxChoices) ?? 1),
            Stream = stream,
            IncludeUsage = usage,
            Obfuscates = obfuscation,
            User = fields.Take("user")?.String(),
            Options = ReadLabels(fields, ReadOptions(fields, leastTokens)),
        };
    }

    private static ChatOptions ReadOptions(RequestFields fields, int leastTokens)
    {
        ChatOptions options = new()
        {
            Temperature = fields.Take("temperature")?.Number(0, 2),
            TopP = ReadTopP(fields),
            TopK = ReadTopK(fields),
            PresencePenalty = fields.Take("presence_penalty")?.Number(-2, 2),
            FrequencyPenalty = fields.Take("frequency_penalty")?.Number(-2, 2),
            Seed = fields.Take("seed")?.Integer(long.MinValue, long.MaxValue),
            MaxOutputTokens = (int?)fields.Take("max_tokens")?.Integer(leastTokens, int.MaxValue),
            StopSequences = ReadStop(fields),
            AdditionalProperties = [],
        };
        if (fields.Take("min_p")?.Number(0, 1) is { } minP)
            options.AdditionalProperties[ChatOptionKeys.MinP] = minP;

        if (ReadRepetitionPenalty(fields) is { } repetitionPenalty)
            options.AdditionalProperties[ChatOptionKeys.RepetitionPenalty] = repetitionPenalty;

        // vLLM's fields.
        if (fields.Take("stop_token_ids") is { } ids && TextInputs.ReadTokens(ids.Items()) is { Length: > 0 } tokens)
            options.AdditionalProperties[ChatOptionKeys.StopTokens] = tokens;

        if (fields.Take("ignore_eos")?.Boolean() ?? false)
            options.AdditionalProperties[ChatOptionKeys.IgnoreEndOfSequence] = true;

        if (fields.Take("logit_bias") is { } bias)
            options.AdditionalProperties[ChatOptionKeys.LogitBias] = ReadLogitBias(bias);

        ReadPriority(fields, options);
        return options;
    }

    // The protocol allows 0, of which only the likeliest token remains; neutral options start just above.
    private static float? ReadTopP(RequestFields fields) =>
        fields.Take("top_p")?.Number(0, 1) is { } p ? Math.Max(p, float.Epsilon) : null;

    // vLLM writes "off" as -1, others as 0.
    private static int? ReadTopK(RequestFields fields) =>
        fields.Take("top_k")?.Integer(-1, int.MaxValue) is { } k ? (int)Math.Max(k, 0) : null;

    // llama-server's name for it is shorter.
    private static float? ReadRepetitionPenalty(RequestFields fields)
    {
        RequestValue? penalty = fields.Take("repetition_penalty"), shorter = fields.Take("repeat_penalty");
        if (penalty is { } first && shorter is { } second)
            throw second.Conflict($"{new OptionName(second.Path)} and {new OptionName(first.Path)} are one. Give only the latter.");

        return (penalty ?? shorter)?.Number(0.01, 100);
    }

    private static IList<string>? ReadStop(RequestFields fields)
    {
        if (fields.Take("stop") is not { } stop)
            return null;

        List<string> stops = stop.IsString ? [stop.String()] : [.. stop.Items().Select(item => item.String())];
        if (stops.Count > MaxStops)
            throw stop.Invalid($"may hold at most {MaxStops} strings, not {stops.Count}.");

        return stops.Contains("")
            ? throw stop.Invalid("holds an empty string, at which every answer would stop.")
            : stops;
    }

    private static Dictionary<int, float> ReadLogitBias(RequestValue value)
    {
        value.Fields();
        Dictionary<int, float> bias = [];
        foreach (JsonProperty property in value.Element.EnumerateObject())
        {
            if (!int.TryParse(property.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int token))
                throw value.Invalid($"has the key '{Excerpt.Of(property.Name)}', which is not a token id.");

            // Not looked up by name: that takes the time of as many comparisons as there are entries.
            bias[token] = new RequestValue(property.Value, $"{value.Path}.{property.Name}").Number(-100, 100);
        }

        return bias;
    }

    private static (bool Usage, bool Obfuscation) ReadStreamOptions(RequestFields fields, bool stream)
    {
        if (fields.Take("stream_options") is not { } value)
            return (false, false);

        if (!stream)
            throw value.Conflict($"{new OptionName(value.Path)} is only allowed when {new OptionName("stream")} is true.");

        RequestFields options = value.Fields();
        bool usage = options.Take("include_usage")?.Boolean() ?? false;
        bool obfuscation = options.Take("include_obfuscation")?.Boolean() ?? false;
        options.Refuse("continuous_usage_stats", InertFields.IsFalse, "is not built: the usage ends the stream. Only false is accepted.");
        options.RefuseRest();
        return (usage, obfuscation);
    }

    // What asks for nothing that changes an answer: leave to keep it, labels to find it by, names for who asks and for what is alike, and
    // how long what was computed of a prompt is kept. They are checked, and no official client fails on one of its defaults. Who answers
    // elsewhere may make something of them.
    private static ChatOptions ReadLabels(RequestFields fields, ChatOptions options)
    {
        AdditionalPropertiesDictionary further = options.AdditionalProperties!;
        fields.Take("store")?.Boolean();
        if (ReadMetadata(fields) is { } metadata)
            further[RemoteOptionKeys.Metadata] = metadata;

        if (fields.Take("prompt_cache_key") is { } alike)
            further[RemoteOptionKeys.PromptCacheKey] = alike.String();

        fields.Take("request_id")?.String();
        fields.Take("cache_prompt")?.Boolean();
        if (fields.Take("prompt_cache_retention") is { } retention)
        {
            string kept = retention.String();
            if (kept is not ("in_memory" or "in-memory" or "24h"))
                throw retention.Invalid($"must be in_memory or 24h, not '{Excerpt.Of(kept)}'.");

            further[RemoteOptionKeys.PromptCacheRetention] = kept.Replace('-', '_');
        }

        if ((fields.Take("safety_identifier") ?? fields.Take("user")) is { } user)
            further[RemoteOptionKeys.User] = user.String();

        return options;
    }

    /// <summary>
    /// How early the request is served, which may be later than others of its key and never earlier: vLLM's number, and the tier that
    /// waits.
    /// </summary>
    internal static void ReadPriority(RequestFields fields, ChatOptions options)
    {
        long priority = 0;
        if (fields.Take("priority") is { } number)
        {
            priority = number.Integer(int.MinValue, int.MaxValue);
            if (priority < 0)
            {
                throw number.Unsupported(
                    "is below 0, which would be before others: how early a key is served is not the request's to say.");
            }
        }

        if (fields.Take("service_tier") is { } tier)
        {
            if (tier.String() is not ("auto" or "default" or "flex" or "scale" or "priority"))
                throw tier.Invalid($"must be auto, default, flex, scale or priority, not '{Excerpt.Of(tier.String())}'.");

            (options.AdditionalProperties ??= [])[RemoteOptionKeys.ServiceTier] = tier.String();
            if (priority == 0 && tier.String() == "flex")
                priority = 1;
        }

        if (priority > 0)
            (options.AdditionalProperties ??= [])[ChatOptionKeys.Priority] = (int)priority;
    }

    /// <summary>Labels, at most sixteen texts with a name each; null for none.</summary>
    internal static JsonElement? ReadMetadata(RequestFields fields)
    {
        if (fields.Take("metadata") is not { } value)
            return null;

        value.Fields();
        int labels = 0;
        foreach (JsonProperty label in value.Element.EnumerateObject())
        {
            if (++labels > MaxLabels)
                throw value.Invalid($"may hold at most {MaxLabels} labels.");

            _ = new RequestValue(label.Value, $"{value.Path}.{Excerpt.Of(label.Name)}").String();
        }

        return value.Element.Clone();
    }
}
