using Microsoft.Extensions.AI;
using QwenSharp.Chat;

namespace QwenSharp.Protocols.Events;

/// <summary>What is new in one answer of a reply.</summary>
/// <param name="Choice">The answer's place, from 0.</param>
/// <param name="IsFirst">Whether the answer begins here.</param>
public sealed record AnswerPart(int Choice, bool IsFirst)
{
    /// <summary>More text for the user.</summary>
    public string Text { get; init; } = "";

    /// <summary>More of what the model thinks.</summary>
    public string Reasoning { get; init; } = "";

    /// <summary>Tools that the model wants called, each whole.</summary>
    public IReadOnlyList<FunctionCallContent> Calls { get; init; } = [];

    /// <summary>The place of the first of <see cref="Calls"/> among all of the answer's.</summary>
    public int FirstCall { get; init; }

    /// <summary>The tokens since the part before that carried some, with their log-probabilities where they were asked for.</summary>
    public IReadOnlyList<TextToken> Tokens { get; init; } = [];

    /// <summary>Why the answer ended, in its last part. An answer that calls tools never ends with "stop".</summary>
    public ChatFinishReason? Finish { get; init; }

    /// <summary>Which of the request's stop strings ended the answer, in its last part; null where none did.</summary>
    public string? StopSequence { get; init; }

    /// <summary>Whether there is something to append to the answer.</summary>
    public bool HasContent => Text.Length > 0 || Reasoning.Length > 0 || Calls.Count > 0;
}
