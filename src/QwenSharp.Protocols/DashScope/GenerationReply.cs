using System.Text.Json.Serialization;
using QwenSharp.Protocols.Events;

namespace QwenSharp.Protocols.DashScope;

/// <summary>The reply of text generation; a stream sends the same shape in pieces.</summary>
/// <param name="Output">What was said.</param>
/// <param name="Usage">What it took; null while a stream goes on.</param>
/// <param name="RequestId">The request's name.</param>
public sealed record GenerationReply(
    GenerationOutput Output,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] GenerationUsage? Usage,
    string RequestId);

/// <summary>What was said: choices where messages were asked for, else text.</summary>
public sealed record GenerationOutput
{
    /// <summary>The answers.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<GenerationChoice>? Choices { get; init; }

    /// <summary>The answer's text.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Text { get; init; }

    /// <summary>What the model thought before.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ReasoningContent { get; init; }

    /// <summary>Why the text ended; the text <c>null</c> while it goes on.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? FinishReason { get; init; }
}

/// <summary>One answer.</summary>
/// <param name="FinishReason"><c>stop</c>, <c>length</c> or <c>tool_calls</c>; the text <c>null</c> while it goes on.</param>
/// <param name="Message">What the model said.</param>
public sealed record GenerationChoice(string FinishReason, GenerationMessage Message)
{
    /// <summary>The answer's place, where there are several.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Index { get; init; }

    /// <summary>The log-probabilities of its tokens, where they were asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public GenerationLogprobs? Logprobs { get; init; }
}

/// <summary>What the model said.</summary>
/// <param name="Content">The text for the user.</param>
public sealed record GenerationMessage(string Content)
{
    /// <summary>Always <c>assistant</c>.</summary>
    public string Role { get; } = "assistant";

    /// <summary>What it thought before, where it did.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ReasoningContent { get; init; }

    /// <summary>The tools that it wants called.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<GenerationCall>? ToolCalls { get; init; }
}

/// <summary>A call of a tool; in the pieces of a stream, what is new of it.</summary>
/// <param name="Index">Its place among the message's calls.</param>
/// <param name="Id">Its name, which the tool's result repeats; empty where a piece goes on with it.</param>
/// <param name="Function">What to call.</param>
public sealed record GenerationCall(int Index, string Id, GenerationFunction Function)
{
    /// <summary>Always <c>function</c>.</summary>
    public string Type { get; } = "function";

    internal static GenerationCall Of(CallPart call) =>
        new(call.Index, call.Begins ? call.Id : "", new GenerationFunction(call.Begins ? call.Name : null, call.Arguments));
}

/// <summary>The function of a call.</summary>
/// <param name="Name">Which tool; null where a piece goes on with the call.</param>
/// <param name="Arguments">A JSON object, as a string; in a piece, more of it.</param>
public sealed record GenerationFunction(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Name, string Arguments);

/// <summary>The tokens that a request took.</summary>
/// <param name="InputTokens">Tokens of the prompt.</param>
/// <param name="OutputTokens">Tokens of the answers, thoughts among them.</param>
/// <param name="TotalTokens">Both together.</param>
/// <param name="PromptTokensDetails">Which of the prompt's had been computed before.</param>
/// <param name="OutputTokensDetails">Which of the answers' were thoughts, where that is known.</param>
public sealed record GenerationUsage(
    long InputTokens,
    long OutputTokens,
    long TotalTokens,
    PromptTokens PromptTokensDetails,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] OutputTokens? OutputTokensDetails)
{
    internal static GenerationUsage Of(ReplyUsage usage) => new(
        usage.PromptTokens,
        usage.AnswerTokens,
        usage.PromptTokens + usage.AnswerTokens,
        new PromptTokens(usage.CachedTokens ?? 0),
        usage.ReasoningTokens is { } thoughts ? new OutputTokens(thoughts, usage.AnswerTokens - thoughts) : null);
}

/// <summary>What became of the tokens of a prompt.</summary>
/// <param name="CachedTokens">Tokens that had been computed before.</param>
public sealed record PromptTokens(long CachedTokens);

/// <summary>What the tokens of answers were for.</summary>
/// <param name="ReasoningTokens">Thoughts.</param>
/// <param name="TextTokens">The rest.</param>
public sealed record OutputTokens(long ReasoningTokens, long TextTokens);
