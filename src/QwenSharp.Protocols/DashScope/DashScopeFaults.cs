using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.DashScope;

/// <summary>Neutral faults in the words of DashScope's protocol.</summary>
public static class DashScopeFaults
{
    /// <summary>The code of errors that are the client's.</summary>
    public const string InvalidParameter = "InvalidParameter";

    /// <summary>The longest message, in UTF-16 units: whatever a request holds, its error is one that can be read.</summary>
    public const int MaxMessage = 2_000;

    private static readonly Dictionary<string, string> Fields = new()
    {
        [nameof(ChatTemplateConversation.Messages)] = "input.messages",
        [nameof(ChatOptions.ModelId)] = "model",
        [nameof(ChatOptions.Temperature)] = "parameters.temperature",
        [nameof(ChatOptions.TopK)] = "parameters.top_k",
        [nameof(ChatOptions.TopP)] = "parameters.top_p",
        [nameof(ChatOptions.PresencePenalty)] = "parameters.presence_penalty",
        [nameof(ChatOptions.Seed)] = "parameters.seed",
        [nameof(ChatOptions.MaxOutputTokens)] = "parameters.max_tokens",
        [nameof(ChatOptions.StopSequences)] = "parameters.stop",
        [nameof(ChatOptions.Tools)] = "parameters.tools",
        [nameof(ChatOptions.ToolMode)] = "parameters.tool_choice",
        [nameof(ChatOptions.ResponseFormat)] = "parameters.response_format",
        [nameof(ChatOptions.AllowMultipleToolCalls)] = "parameters.parallel_tool_calls",
        [nameof(EmbeddingGenerationOptions.Dimensions)] = "parameters.dimension",
        ["values"] = "input.texts",
        [ChatOptionKeys.RepetitionPenalty] = "parameters.repetition_penalty",
        [ChatOptionKeys.ThinkingBudget] = "parameters.thinking_budget",
        [ChatOptionKeys.EnableThinking] = "parameters.enable_thinking",
        [ChatOptionKeys.Logprobs] = "parameters.logprobs",
        [ChatOptionKeys.TopLogprobs] = "parameters.top_logprobs",
        [ChatOptionKeys.ContinueFinalMessage] = "input.messages.partial",
    };

    /// <summary>The message for a fault of a request; its status is 400 and its code <see cref="InvalidParameter"/>.</summary>
    public static string Word(OptionFault fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        return Excerpt.Of(fault.Say(option => $"'{Fields.GetValueOrDefault(option, option)}'"), MaxMessage);
    }
}
