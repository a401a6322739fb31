using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.SelfHosted;

/// <summary>Neutral faults in the words of vLLM's and llama-server's endpoints.</summary>
public static class SelfHostedFaults
{
    /// <summary>The longest message, in UTF-16 units: whatever a request holds, its error is one that can be read.</summary>
    public const int MaxMessage = 2_000;

    private const int MaxField = 500;

    private static readonly Dictionary<string, string> Fields = new()
    {
        [nameof(ChatTemplateConversation.Messages)] = "messages",
        ["Prompt"] = "prompt",
        ["Suffix"] = "input_suffix",
        [nameof(ChatOptions.ModelId)] = "model",
        [nameof(ChatOptions.Temperature)] = "temperature",
        [nameof(ChatOptions.TopK)] = "top_k",
        [nameof(ChatOptions.TopP)] = "top_p",
        [nameof(ChatOptions.PresencePenalty)] = "presence_penalty",
        [nameof(ChatOptions.FrequencyPenalty)] = "frequency_penalty",
        [nameof(ChatOptions.Seed)] = "seed",
        [nameof(ChatOptions.MaxOutputTokens)] = "n_predict",
        [nameof(ChatOptions.StopSequences)] = "stop",
        [nameof(ChatOptions.Tools)] = "tools",
        [ChatOptionKeys.RepetitionPenalty] = "repeat_penalty",
    };

    /// <summary>The error object for a fault of a request; its status is 400.</summary>
    public static SelfHostedError Word(OptionFault fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        return new SelfHostedError(
            400,
            Excerpt.Of(fault.Say(option => $"'{FieldOf(option)}'"), MaxMessage),
            fault.Kind switch
            {
                FaultKind.TooLong => "exceed_context_size_error",
                FaultKind.NotSupported => "not_supported_error",
                _ => "invalid_request_error",
            },
            fault.Option.Length > 0 ? Excerpt.Of(FieldOf(fault.Option), MaxField) : null);
    }

    private static string FieldOf(string option) => Fields.GetValueOrDefault(option, option);
}
