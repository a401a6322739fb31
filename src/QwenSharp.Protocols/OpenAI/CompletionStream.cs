using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Events;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>The answers of a plain completion on OpenAI's wire: in pieces while they come, or folded into one reply.</summary>
public static class CompletionStream
{
    /// <summary>Each part as a piece, the last of a choice with the reason why it ended, and then the usage.</summary>
    /// <param name="answers">The answers.</param>
    /// <param name="header">What the pieces repeat.</param>
    /// <param name="request">What the request asks of them.</param>
    /// <param name="cancellationToken">Stops the stream.</param>
    public static async IAsyncEnumerable<Completion> ToChunksAsync(
        AnswerStream answers,
        ReplyHeader header,
        CompletionRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);

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
            CompletionChoice piece = new(
                part.Text,
                part.Choice,
                logprobs,
                part.Finish is { } reason ? FinishReasons.Word(reason) : null)
            {
                StopReason = FinishReasons.Detail(part.Finish),
            };
            yield return new Completion(header.Id, header.Created, header.Model, [piece])
            {
                Obfuscation = request.Generation.Obfuscates ? Obfuscation.For(part.Text) : null,
            };
        }

        if (request.Generation.IncludeUsage)
            yield return new Completion(header.Id, header.Created, header.Model, [], CompletionUsage.Of(answers.Usage));
    }

    /// <summary>The answers as one reply.</summary>
    /// <param name="answers">The answers.</param>
    /// <param name="header">Who answers, and how many answers of a prompt were made.</param>
    /// <param name="given">How many answers of each prompt are given: those whose tokens are the likeliest on average.</param>
    /// <param name="cancellationToken">Stops the stream.</param>
    public static async Task<Completion> FoldAsync(
        AnswerStream answers, ReplyHeader header, int given, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(header);
        IReadOnlyList<Answer> whole = await answers.FoldAsync(cancellationToken).ConfigureAwait(false);
        if (given < header.ChoicesPerPrompt)
            whole = [.. whole.Chunk(header.ChoicesPerPrompt).SelectMany(made => made.OrderByDescending(Likelihood).Take(given))];

        return new Completion(
            header.Id,
            header.Created,
            header.Model,
            [
                .. whole.Select((answer, index) => new CompletionChoice(
                    answer.Text,
                    index,
                    header.Logprobs ? CompletionLogprobs.Of(answer.Tokens, offset: 0) : null,
                    FinishReasons.Word(answer.Finish))
                {
                    StopReason = FinishReasons.Detail(answer.Finish),
                }),
            ],
            CompletionUsage.Of(answers.Usage));
    }

    private static float Likelihood(Answer answer) => answer.Tokens
        .Select(token => token.Logprob)
        .Where(logprob => !float.IsNaN(logprob))
        .DefaultIfEmpty(float.NegativeInfinity)
        .Average();
}
