using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.Ollama;

/// <summary>Neutral faults in the words of Ollama's protocol: its fields for options.</summary>
public static class OllamaFaults
{
    /// <summary>The longest message, in UTF-16 units.</summary>
    public const int MaxMessage = 2_000;

    // What readers of requests and the model call the options that fields become. A field's own path needs no other name.
    private static readonly Dictionary<string, string> Fields = new()
    {
        [nameof(ChatTemplateConversation.Messages)] = "messages",
        ["Prompt"] = "prompt",
        ["Suffix"] = "suffix",
        [nameof(ChatOptions.ModelId)] = "model",
        [nameof(ChatOptions.Temperature)] = "options.temperature",
        [nameof(ChatOptions.TopK)] = "options.top_k",
        [nameof(ChatOptions.TopP)] = "options.top_p",
        [ChatOptionKeys.MinP] = "options.min_p",
        [ChatOptionKeys.RepetitionPenalty] = "options.repeat_penalty",
        [nameof(ChatOptions.PresencePenalty)] = "options.presence_penalty",
        [nameof(ChatOptions.FrequencyPenalty)] = "options.frequency_penalty",
        [nameof(ChatOptions.Seed)] = "options.seed",
        [nameof(ChatOptions.MaxOutputTokens)] = "options.num_predict",
        [nameof(ChatOptions.StopSequences)] = "options.stop",
        [nameof(ChatOptions.Tools)] = "tools",
        [nameof(ChatOptions.ResponseFormat)] = "format",
        [nameof(EmbeddingGenerationOptions.Dimensions)] = "dimensions",
        ["values"] = "input",
        [ChatOptionKeys.EnableThinking] = "think",
        [$"{nameof(ChatOptions.Reasoning)}.{nameof(ReasoningOptions.Effort)}"] = "think",
    };

    /// <summary>The error for a fault of a request.</summary>
    public static OllamaError Word(OptionFault fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        return new OllamaError(Excerpt.Of(fault.Say(option => $"'{Fields.GetValueOrDefault(option, option)}'"), MaxMessage));
    }
}

/// <summary>A reply, or the last line of a stream, that reports a fault.</summary>
/// <param name="Error">What is wrong and what to do.</param>
public sealed record OllamaError(string Error);
