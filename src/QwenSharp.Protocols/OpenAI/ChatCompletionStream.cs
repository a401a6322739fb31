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
    /// <param name="form">What the request asks of them.</param>
    /// <param name="cancellationToken">Stops the stream.</param>
    public static async IAsyncEnumerable<ChatCompletionChunk> ToChunksAsync(
        AnswerStream answers,
        ReplyHeader header,
        ChatReplyForm form,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(form);
        await foreach (AnswerPart part in answers.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (part.IsFirst)
                yield return Chunk(header, form, part, new ChatDelta { Role = "assistant", Content = "" });

            if (part.HasContent || part.Citations.Count > 0)
                yield return Chunk(header, form, part, Delta(part, form), ChatLogprobs.Of(part.Tokens, header));

            if (part.Finish is { } reason)
            {
                ChatLogprobs? rest = part.HasContent || part.Tokens.Count == 0 ? null : ChatLogprobs.Of(part.Tokens, header);
                yield return Chunk(header, form, part, new ChatDelta(), rest, FinishReasons.Word(reason, form.CallsFunctions));
            }
        }

        if (form.IncludesUsage)
            yield return new ChatCompletionChunk(header.Id, header.Created, header.Model, [], CompletionUsage.Of(answers.Usage));
    }

    /// <summary>The answers as one reply.</summary>
    public static async Task<ChatCompletion> FoldAsync(
        AnswerStream answers, ReplyHeader header, ChatReplyForm form, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(form);
        IReadOnlyList<Answer> whole = await answers.FoldAsync(cancellationToken).ConfigureAwait(false);
        return new ChatCompletion(
            header.Id,
            header.Created,
            header.Model,
            [.. whole.Select(answer => Choice(answer, header, form))],
            CompletionUsage.Of(answers.Usage));
    }

    private static ChatCompletionChoice Choice(Answer answer, ReplyHeader header, ChatReplyForm form)
    {
        IReadOnlyList<CallPart> calls = answer.Calls;
        ChatCompletionMessage message = new(
            answer.Text.Length == 0 && calls.Count > 0 ? null : answer.Text,
            answer.Reasoning.Length > 0 ? answer.Reasoning : null,
            calls.Count > 0 && !form.CallsFunctions ? [.. calls.Select(ToolCall.Of)] : null)
        {
            FunctionCall = form.CallsFunctions && calls is [var call, ..] ? ToolCallFunction.Of(call) : null,
            Annotations = ChatAnnotation.Of(answer.Citations),
        };
        return new ChatCompletionChoice(
            answer.Choice, message, ChatLogprobs.Of(answer.Tokens, header), FinishReasons.Word(answer.Finish, form.CallsFunctions))
        {
            StopReason = FinishReasons.Detail(answer.Finish),
        };
    }

    private static ChatCompletionChunk Chunk(
        ReplyHeader header,
        ChatReplyForm form,
        AnswerPart part,
        ChatDelta delta,
        ChatLogprobs? logprobs = null,
        string? finishReason = null) =>
        new(
            header.Id,
            header.Created,
            header.Model,
            [
                new ChatChunkChoice(part.Choice, delta, logprobs, finishReason)
                {
                    StopReason = finishReason is null ? null : FinishReasons.Detail(part.Finish),
                },
            ])
        {
            Obfuscation = form.Obfuscates ? Obfuscation.For([delta.Content, delta.ReasoningContent, .. Arguments(delta)]) : null,
        };

    private static ChatDelta Delta(AnswerPart part, ChatReplyForm form) => new()
    {
        Content = part.Text.Length > 0 ? part.Text : null,
        ReasoningContent = part.Reasoning.Length > 0 ? part.Reasoning : null,
        Annotations = ChatAnnotation.Of(part.Citations),
        ToolCalls = part.Calls.Count > 0 && !form.CallsFunctions ? [.. part.Calls.Select(ToolCall.InStream)] : null,

        // The older form has a place for one call.
        FunctionCall = form.CallsFunctions && part.Calls is [{ Index: 0 } call, ..] ? ToolCallFunction.InStream(call) : null,
    };

    private static IEnumerable<string?> Arguments(ChatDelta delta) =>
        (delta.ToolCalls ?? []).Select(call => call.Function).Append(delta.FunctionCall).Select(function => function?.Arguments);
}
