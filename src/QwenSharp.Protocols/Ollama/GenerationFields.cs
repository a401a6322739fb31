using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.Ollama;

/// <summary>The fields that <c>/api/chat</c> and <c>/api/generate</c> share.</summary>
public sealed record GenerationFields
{
    private const int MaxTopLogprobs = 20;

    /// <summary>Which model is asked.</summary>
    public required string Model { get; init; }

    /// <summary>Whether the answer comes line by line, as it does unless a request says otherwise.</summary>
    public bool Stream { get; init; } = true;

    /// <summary>How long the model stays afterwards; infinite for ever, null for what the server does.</summary>
    public TimeSpan? KeepAlive { get; init; }

    /// <summary>Whether the request asks for reasoning, so that a model that cannot is to be refused.</summary>
    public bool Thinks { get; init; }

    /// <summary>Whether log-probabilities are asked for.</summary>
    public bool Logprobs { get; init; }

    /// <summary>Sampling and limits. What neutral options lack is under the keys of <see cref="ChatOptionKeys"/>.</summary>
    public required ChatOptions Options { get; init; }

    internal static GenerationFields Read(RequestFields fields)
    {
        ChatOptions options = OptionsReader.ReadRequest(fields);
        bool thinks = ReadThink(fields, options);
        bool logprobs = ReadLogprobs(fields, options);
        options.ResponseFormat = ReadFormat(fields);
        fields.Refuse("truncate", IsFalse, "is not honoured: nothing of a conversation is left out. Only false is accepted.");
        fields.Refuse("shift", IsFalse, "is not honoured: an answer ends where the context does. Only false is accepted.");
        TakeHeaders(fields);
        return new GenerationFields
        {
            Model = ReadModel(fields),
            Stream = fields.Take("stream")?.Boolean() ?? true,
            KeepAlive = Ollama.KeepAlive.Read(fields),
            Thinks = thinks,
            Logprobs = logprobs,
            Options = options,
        };
    }

    /// <summary>Takes the name of a model.</summary>
    /// <param name="fields">The request.</param>
    /// <param name="former">What older clients call the field, where the request has it.</param>
    internal static string ReadModel(RequestFields fields, RequestValue? former = null)
    {
        RequestValue value = fields.Take("model") ?? former ?? fields.Require("model");
        return value.String() is { Length: > 0 } name ? name : throw value.Invalid("may not be empty.");
    }

    /// <summary>Takes what one client repeats in the body of the headers that it sends.</summary>
    internal static void TakeHeaders(RequestFields fields) => fields.Take("CustomHeaders");

    internal static bool IsFalse(JsonElement value) => value.ValueKind == JsonValueKind.False;

    private static bool ReadThink(RequestFields fields, ChatOptions options)
    {
        if (fields.Take("think") is not { } value)
            return false;

        if (!value.IsString)
        {
            bool thinks = value.Boolean();
            options.AdditionalProperties![ChatOptionKeys.EnableThinking] = thinks;
            return thinks;
        }

        options.Reasoning = new ReasoningOptions
        {
            Effort = value.String() switch
            {
                "low" => ReasoningEffort.Low,
                "medium" => ReasoningEffort.Medium,
                "high" => ReasoningEffort.High,
                "max" => ReasoningEffort.ExtraHigh,
                string other => throw value.Invalid($"must be true, false, low, medium, high or max, not '{Excerpt.Of(other)}'."),
            },
        };
        return true;
    }

    private static bool ReadLogprobs(RequestFields fields, ChatOptions options)
    {
        bool logprobs = fields.Take("logprobs")?.Boolean() ?? false;
        if (logprobs)
            options.AdditionalProperties![ChatOptionKeys.Logprobs] = true;

        if (fields.Take("top_logprobs") is { } value && (int)value.Integer(0, MaxTopLogprobs) is > 0 and var top)
        {
            options.AdditionalProperties![ChatOptionKeys.TopLogprobs] = logprobs
                ? top
                : throw value.Conflict($"{new OptionName(value.Path)} is only allowed when {new OptionName("logprobs")} is true.");
        }

        return logprobs;
    }

    private static ChatResponseFormat? ReadFormat(RequestFields fields)
    {
        if (fields.Take("format") is not { } value)
            return null;

        if (!value.IsString)
        {
            value.Fields();
            return ChatResponseFormat.ForJsonSchema(value.Element.Clone());
        }

        return value.String() switch
        {
            "" => null,
            "json" => ChatResponseFormat.Json,
            string other => throw value.Invalid($"must be \"json\" or a JSON schema, not '{Excerpt.Of(other)}'."),
        };
    }
}
