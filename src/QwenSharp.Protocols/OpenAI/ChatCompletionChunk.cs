using System.Text.Json.Serialization;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>One event of a streamed chat completion.</summary>
/// <param name="Id">The reply's name, the same in all its chunks.</param>
/// <param name="Created">When it was asked for, in seconds of Unix time.</param>
/// <param name="Model">Who answers.</param>
/// <param name="Choices">What is new; empty in the chunk that carries the usage.</param>
/// <param name="Usage">The tokens that it took, in the last chunk, where they were asked for.</param>
public sealed record ChatCompletionChunk(
    string Id,
    long Created,
    string Model,
    IReadOnlyList<ChatChunkChoice> Choices,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] CompletionUsage? Usage = null)
{
    /// <summary>Always <c>chat.completion.chunk</c>.</summary>
    public string Object { get; } = "chat.completion.chunk";

    /// <summary>Letters that mean nothing, where padding was asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Obfuscation { get; init; }
}

/// <summary>What is new in one answer.</summary>
/// <param name="Index">The answer's place, from 0.</param>
/// <param name="Delta">What to append to the message.</param>
/// <param name="Logprobs">The log-probabilities of the tokens of this chunk, where they were asked for.</param>
/// <param name="FinishReason">Why the answer ended, in its last chunk.</param>
public sealed record ChatChunkChoice(int Index, ChatDelta Delta, ChatLogprobs? Logprobs, string? FinishReason)
{
    /// <summary>Why the answer ended, where the protocol has no word for it: <c>repetition</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? StopReason { get; init; }
}

/// <summary>What to append to a message.</summary>
public sealed record ChatDelta
{
    /// <summary><c>assistant</c> in an answer's first chunk.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Role { get; init; }

    /// <summary>More text for the user.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Content { get; init; }

    /// <summary>More of what the model thinks.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ReasoningContent { get; init; }

    /// <summary>More of what the text takes from pages of the web, where whoever answers says so.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ChatAnnotation>? Annotations { get; init; }

    /// <summary>More of the tools that the model wants called.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ToolCall>? ToolCalls { get; init; }

    /// <summary>More of the function that the model wants called, in the older form.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ToolCallFunction? FunctionCall { get; init; }
}
