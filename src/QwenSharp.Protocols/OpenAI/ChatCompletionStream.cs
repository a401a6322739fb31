using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Events;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>The answers of a chat completion on OpenAI's wire: as chunks while they come, or folded into one reply.</summary>
public static class ChatCompletionStream
{
    /// <summary>Each part as chunks: first the role, last the reason why the answer ended, and then the usage.</summary>
    /// <param name="answers">The answers.</param>
    /// <param name="header">What the chunks repeat.</param>
    /// <param name="includeUsage">Whether a chunk with the usage ends the stream.</param>
    /// <param name="cancellationToken">Stops the stream.</param>
    public static async IAsyncEnumerable<ChatCompletionChunk> ToChunksAsync(
        AnswerStream answers,
        ReplyHeader header,
        bool includeUsage,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (AnswerPart part in answers.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (part.IsFirst)
                yield return Chunk(header, part, new ChatDelta { Role = "assistant", Content = "" });

            if (part.HasContent)
                yield return Chunk(header, part, Delta(part), ChatLogprobs.Of(part.Tokens, header));

            if (part.Finish is { } reason)
            {
                ChatLogprobs? rest = part.HasContent || part.Tokens.Count == 0 ? null : ChatLogprobs.Of(part.Tokens, header);
                yield return Chunk(header, part, new ChatDelta(), rest, reason.Value);
            }
        }

        if (includeUsage)
            yield return new ChatCompletionChunk(header.Id, header.Created, header.Model, [], CompletionUsage.Of(answers.Usage));
    }

    /// <summary>The answers as one reply.</summary>
    public static async Task<ChatCompletion> FoldAsync(AnswerStream answers, ReplyHeader header, CancellationToken cancellationToken)
    {
        IReadOnlyList<Answer> whole = await answers.FoldAsync(cancellationToken).ConfigureAwait(false);
        return new ChatCompletion(
            header.Id,
            header.Created,
            header.Model,
            [.. whole.Select(answer => Choice(answer, header))],
            CompletionUsage.Of(answers.Usage));
    }

    private static ChatCompletionChoice Choice(Answer answer, ReplyHeader header) => new(
        answer.Choice,
        new ChatCompletionMessage(
            answer.Text.Length == 0 && answer.Calls.Count > 0 ? null : answer.Text,
            answer.Reasoning.Length > 0 ? answer.Reasoning : null,
            answer.Calls.Count > 0 ? [.. answer.Calls.Select(call => ToolCall.From(call, index: null))] : null),
        ChatLogprobs.Of(answer.Tokens, header),
        answer.Finish.Value);

    private static ChatCompletionChunk Chunk(
        ReplyHeader header, AnswerPart part, ChatDelta delta, ChatLogprobs? logprobs = null, string? finishReason = null) =>
        new(header.Id, header.Created, header.Model, [new ChatChunkChoice(part.Choice, delta, logprobs, finishReason)]);

    private static ChatDelta Delta(AnswerPart part) => new()
    {
        Content = part.Text.Length > 0 ? part.Text : null,
        ReasoningContent = part.Reasoning.Length > 0 ? part.Reasoning : null,
        ToolCalls = part.Calls.Count > 0 ? [.. part.Calls.Select((call, i) => ToolCall.From(call, part.FirstCall + i))] : null,
    };
}
