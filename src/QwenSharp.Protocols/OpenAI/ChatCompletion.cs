using System.Text.Json.Serialization;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>The reply of <c>/v1/chat/completions</c> that is not streamed.</summary>
/// <param name="Id">The reply's own name.</param>
/// <param name="Created">When it was asked for, in seconds of Unix time.</param>
/// <param name="Model">Who answered.</param>
/// <param name="Choices">The answers.</param>
/// <param name="Usage">The tokens that it took.</param>
public sealed record ChatCompletion(
    string Id,
    long Created,
    string Model,
    IReadOnlyList<ChatCompletionChoice> Choices,
    CompletionUsage Usage)
{
    /// <summary>Always <c>chat.completion</c>.</summary>
    public string Object { get; } = "chat.completion";
}

/// <summary>One answer.</summary>
/// <param name="Index">Its place, from 0.</param>
/// <param name="Message">What the model said.</param>
/// <param name="Logprobs">The log-probabilities of its tokens, where they were asked for.</param>
/// <param name="FinishReason"><c>stop</c>, <c>length</c>, <c>tool_calls</c>, or in the older form <c>function_call</c>.</param>
public sealed record ChatCompletionChoice(int Index, ChatCompletionMessage Message, ChatLogprobs? Logprobs, string FinishReason)
{
    /// <summary>Why it ended, where the protocol has no word for it: <c>repetition</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? StopReason { get; init; }
}

/// <summary>What the model said.</summary>
/// <param name="Content">The text for the user; null where the model only called tools.</param>
/// <param name="ReasoningContent">What it thought before, where it did.</param>
/// <param name="ToolCalls">The tools that it wants called.</param>
public sealed record ChatCompletionMessage(
    string? Content,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ReasoningContent,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<ToolCall>? ToolCalls)
{
    /// <summary>Always <c>assistant</c>.</summary>
    public string Role { get; } = "assistant";

    /// <summary>The function that it wants called, in the older form.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ToolCallFunction? FunctionCall { get; init; }

    /// <summary>What the text takes from pages of the web, where whoever answers says so.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ChatAnnotation>? Annotations { get; init; }

    /// <summary>Always null: refusals come as <see cref="Content"/>.</summary>
    public string? Refusal { get; }
}
