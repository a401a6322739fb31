using Microsoft.Extensions.AI;
using QwenSharp.Chat;

namespace QwenSharp.Protocols.Events;

/// <summary>What is new in one answer of a reply: first the reasoning, then the text, then the calls.</summary>
/// <param name="Choice">The answer's place, from 0.</param>
/// <param name="IsFirst">Whether the answer begins here.</param>
public sealed record AnswerPart(int Choice, bool IsFirst)
{
    /// <summary>More text for the user.</summary>
    public string Text { get; init; } = "";

    /// <summary>More of what the model thinks.</summary>
    public string Reasoning { get; init; } = "";

    /// <summary>What whoever answers has protected of the reasoning before it, and wants to be sent again; null for nothing.</summary>
    public TextReasoningContent? Protected { get; init; }

    /// <summary>What the text so far takes from elsewhere, as far as that is new.</summary>
    public IReadOnlyList<CitationAnnotation> Citations { get; init; } = [];

    /// <summary>More of the tools that the model wants called, one after the other.</summary>
    public IReadOnlyList<CallPart> Calls { get; init; } = [];

    /// <summary>The tokens since the part before that carried some, with their log-probabilities where they were asked for.</summary>
    public IReadOnlyList<TextToken> Tokens { get; init; } = [];

    /// <summary>
    /// Why the answer ended, in its last part. An answer that calls tools never ends with "stop", unless its last call was cut by it.
    /// </summary>
    public ChatFinishReason? Finish { get; init; }

    /// <summary>Which of the request's stop strings ended the answer, in its last part; null where none did.</summary>
    public string? StopSequence { get; init; }

    /// <summary>Whether there is something to append to the answer.</summary>
    public bool HasContent => Text.Length > 0 || Reasoning.Length > 0 || Calls.Count > 0;
}
