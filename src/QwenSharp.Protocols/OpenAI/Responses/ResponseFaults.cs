using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;

namespace QwenSharp.Protocols.OpenAI.Responses;

/// <summary>Faults of a model under the names of fields that requests for responses have otherwise than chat completions.</summary>
public static class ResponseFaults
{
    private static readonly Dictionary<string, string> Fields = new()
    {
        [nameof(ChatTemplateConversation.Messages)] = "input",
        [nameof(ChatOptions.MaxOutputTokens)] = "max_output_tokens",
        [nameof(ChatOptions.ResponseFormat)] = "text.format",
        [$"{nameof(ChatOptions.Reasoning)}.{nameof(ReasoningOptions.Effort)}"] = "reasoning.effort",
    };

    /// <summary>The fault with those names.</summary>
    public static OptionFault Renamed(OptionFault fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        return fault.Renamed(name => Fields.GetValueOrDefault(name));
    }
}
