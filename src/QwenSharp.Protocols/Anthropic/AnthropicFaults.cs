using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.Anthropic;

/// <summary>Neutral faults in the words of Anthropic's protocol: its fields for options.</summary>
public static class AnthropicFaults
{
    /// <summary>The type of errors that are the client's.</summary>
    public const string InvalidRequest = "invalid_request_error";

    /// <summary>The longest message, in UTF-16 units: whatever a request holds, its error is one that can be read.</summary>
    public const int MaxMessage = 2_000;

    private const string Thread = "thread";

    // By these words clients send the whole conversation instead.
    private static readonly RecoverableDetails NoThreads = new("thread_unsupported_request", [Thread]);

    // What readers of requests and the model call the options that fields become. A field's own path needs no other name.
    private static readonly Dictionary<string, string> Fields = new()
    {
        [nameof(ChatTemplateConversation.Messages)] = "messages",
        [nameof(ChatOptions.ModelId)] = "model",
        [nameof(ChatOptions.Temperature)] = "temperature",
        [nameof(ChatOptions.TopK)] = "top_k",
        [nameof(ChatOptions.TopP)] = "top_p",
        [nameof(ChatOptions.MaxOutputTokens)] = "max_tokens",
        [nameof(ChatOptions.StopSequences)] = "stop_sequences",
        [nameof(ChatOptions.Tools)] = "tools",
        [nameof(ChatOptions.ToolMode)] = "tool_choice",
        [nameof(ChatOptions.AllowMultipleToolCalls)] = "tool_choice.disable_parallel_tool_use",
        [nameof(ChatOptions.ResponseFormat)] = "output_config.format",
        [$"{nameof(ChatOptions.Reasoning)}.{nameof(ReasoningOptions.Effort)}"] = "output_config.effort",
        [ChatOptionKeys.EnableThinking] = "thinking",
        [ChatOptionKeys.ThinkingBudget] = "thinking.budget_tokens",
        [ChatOptionKeys.ContinueFinalMessage] = "messages",
    };

    /// <summary>The error for a fault of a request; its status is 400.</summary>
    public static ErrorDetail Word(OptionFault fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        string said = fault.Say(option => $"'{Fields.GetValueOrDefault(option, option)}'");

        // Clients know by these words that a conversation has to be made shorter, and read from them by how much.
        string message = fault switch
        {
            { Kind: FaultKind.TooLong, Given: { } tokens, Bounds.Most: { } most } =>
                $"prompt is too long: {tokens} tokens > {most} maximum",
            { Kind: FaultKind.TooLong } => $"prompt is too long: {said}",
            _ => said,
        };
        return new ErrorDetail(InvalidRequest, Excerpt.Of(message, MaxMessage), fault.Option == Thread ? NoThreads : null);
    }
}
