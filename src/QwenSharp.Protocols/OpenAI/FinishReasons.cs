using Microsoft.Extensions.AI;
using QwenSharp.Chat;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>Why answers end, in the words that clients of the protocol know; some refuse a reply that has another.</summary>
internal static class FinishReasons
{
    /// <summary>The protocol's word.</summary>
    /// <param name="reason">Why the answer ended.</param>
    /// <param name="callsFunctions">Whether a call is written in the older form.</param>
    public static string Word(ChatFinishReason reason, bool callsFunctions = false) => reason.Value switch
    {
        "tool_calls" when callsFunctions => "function_call",
        "stop" or "length" or "tool_calls" or "content_filter" => reason.Value,
        _ when reason == FurtherFinishReasons.Refusal => "content_filter",
        _ when reason == FurtherFinishReasons.Pause => "stop",

        // An answer that was ended for another reason, such as endless repetition, is cut.
        _ => "length",
    };

    /// <summary>The reason itself where the protocol has no word for it; vLLM's field <c>stop_reason</c> carries it.</summary>
    public static string? Detail(ChatFinishReason? reason) =>
        reason is { } ended && Word(ended) != ended.Value ? ended.Value : null;
}
