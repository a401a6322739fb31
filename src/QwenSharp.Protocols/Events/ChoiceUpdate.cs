using Microsoft.Extensions.AI;
using QwenSharp.Chat;

namespace QwenSharp.Protocols.Events;

/// <summary>A neutral update of one of the answers to a request.</summary>
/// <param name="Choice">The answer's place, from 0.</param>
/// <param name="Update">
/// What is new. Where log-probabilities were asked for, its <c>AdditionalProperties</c> hold them under
/// <see cref="ChatOptionKeys.Logprobs"/> as a list of <see cref="TextToken"/>.
/// </param>
public readonly record struct ChoiceUpdate(int Choice, ChatResponseUpdate Update)
{
    /// <summary>Whether the update brings a piece of the answer: text, reasoning, a call or a part of one.</summary>
    public bool IsPiece => CallFragment.Of(Update) is not null || Update.Contents.Any(content => content is not UsageContent);
}
