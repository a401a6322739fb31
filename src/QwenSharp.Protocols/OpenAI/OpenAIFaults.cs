using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>Neutral faults in the words of OpenAI's protocol: its fields for options, its codes for kinds.</summary>
public static class OpenAIFaults
{
    /// <summary>The type of errors that are the client's.</summary>
    public const string InvalidRequest = "invalid_request_error";

    /// <summary>The longest message, in UTF-16 units: whatever a request holds, its error is one that can be read.</summary>
    public const int MaxMessage = 2_000;

    private const int MaxField = 500;

    // What readers of requests and the model call the options that fields become. A field's own path needs no other name.
    private static readonly Dictionary<string, string> Fields = new()
    {
        [nameof(ChatTemplateConversation.Messages)] = "messages",
        ["Prompt"] = "prompt",
        [nameof(ChatOptions.ModelId)] = "model",
        [nameof(ChatOptions.Temperature)] = "temperature",
        [nameof(ChatOptions.TopK)] = "top_k",
        [nameof(ChatOptions.TopP)] = "top_p",
        [nameof(ChatOptions.PresencePenalty)] = "presence_penalty",
        [nameof(ChatOptions.FrequencyPenalty)] = "frequency_penalty",
        [nameof(ChatOptions.Seed)] = "seed",
        [nameof(ChatOptions.MaxOutputTokens)] = "max_tokens",
        [nameof(ChatOptions.StopSequences)] = "stop",
        [nameof(ChatOptions.Tools)] = "tools",
        [nameof(ChatOptions.ToolMode)] = "tool_choice",
        [nameof(ChatOptions.ResponseFormat)] = "response_format",
        [nameof(ChatOptions.AllowMultipleToolCalls)] = "parallel_tool_calls",
        [$"{nameof(ChatOptions.Reasoning)}.{nameof(ReasoningOptions.Effort)}"] = "reasoning_effort",
        [$"{nameof(ChatOptions.Reasoning)}.{nameof(ReasoningOptions.Output)}"] = "reasoning",
        [ChatOptionKeys.AllowedTools] = "tool_choice",
        ["Suffix"] = "suffix",
        [nameof(EmbeddingGenerationOptions.Dimensions)] = "dimensions",
        ["values"] = "input",
    };

    /// <summary>The error object for a fault of a request; its status is 400.</summary>
    public static OpenAIError Word(OptionFault fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        return new OpenAIError(
            Excerpt.Of(fault.Say(option => $"'{FieldOf(option)}'"), MaxMessage),
            InvalidRequest,
            fault.Option.Length > 0 ? Excerpt.Of(FieldOf(fault.Option), MaxField) : null,
            Code(fault));
    }

    private static string FieldOf(string option) => Fields.GetValueOrDefault(option, option);

    private static string Code(OptionFault fault) => fault.Kind switch
    {
        _ when fault.Option.Length == 0 => "invalid_json",
        FaultKind.Missing => "missing_required_parameter",
        FaultKind.WrongType => "invalid_type",
        FaultKind.NotSupported => "unsupported_parameter",
        FaultKind.TooLong => "context_length_exceeded",
        FaultKind.Refused => "template_error",
        _ => "invalid_value",
    };
}
