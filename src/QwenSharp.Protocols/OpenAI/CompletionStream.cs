using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Events;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>The answers of a plain completion on OpenAI's wire: in pieces while they come, or folded into one reply.</summary>
public static class CompletionStream
{
    /// <summary>Each part as a piece, the last of a choice with the reason why it ended, and then the usage.</summary>
    /// <inheritdoc cref="ChatCompletionStream.ToChunksAsync" path="/param"/>
    public static async IAsyncEnumerable<Completion> ToChunksAsync(
        AnswerStream answers,
        ReplyHeader header,
        bool includeUsage,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // How much of each answer's text has been sent, in UTF-16 units.
        Dictionary<int, int> sent = [];
        await foreach (AnswerPart part in answers.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (part.Text.Length == 0 && part.Finish is null)
                continue;

            CompletionLogprobs? logprobs = header.Logprobs
                ? CompletionLogprobs.Of(part.Tokens, sent.GetValueOrDefault(part.Choice))
                : null;
            sent[part.Choice] = sent.GetValueOrDefault(part.Choice) + part.Tokens.Sum(token => token.Text.Length);
            CompletionChoice piece = new(part.Text, part.Choice, logprobs, part.Finish?.Value);
            yield return new Completion(header.Id, header.Created, header.Model, [piece]);
        }

        if (includeUsage)
            yield return new Completion(header.Id, header.Created, header.Model, [], CompletionUsage.Of(answers.Usage));
    }

    /// <summary>The answers as one reply.</summary>
    public static async Task<Completion> FoldAsync(AnswerStream answers, ReplyHeader header, CancellationToken cancellationToken)
    {
        IReadOnlyList<Answer> whole = await answers.FoldAsync(cancellationToken).ConfigureAwait(false);
        return new Completion(
            header.Id,
            header.Created,
            header.Model,
            [
                .. whole.Select(answer => new CompletionChoice(
                    answer.Text,
                    answer.Choice,
                    header.Logprobs ? CompletionLogprobs.Of(answer.Tokens, offset: 0) : null,
                    answer.Finish.Value)),
            ],
            CompletionUsage.Of(answers.Usage));
    }
}
