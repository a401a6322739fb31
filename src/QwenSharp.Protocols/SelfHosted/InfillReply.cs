using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Events;

namespace QwenSharp.Protocols.SelfHosted;

/// <summary>The reply of <c>/infill</c>; a stream sends the same shape in pieces.</summary>
/// <param name="Content">The text, or what is new of it.</param>
/// <param name="Model">Who answered.</param>
/// <param name="Stop">Whether the answer ends here.</param>
public sealed record InfillReply(string Content, string Model, bool Stop)
{
    /// <summary>Always 0: there is one answer.</summary>
    public int Index { get; }

    /// <summary>Always -1: sequences have no places of their own.</summary>
    public int IdSlot { get; } = -1;

    /// <summary>Always false: a prompt that does not fit is refused.</summary>
    public bool Truncated { get; }

    /// <summary>
    /// Why it ended: <c>limit</c>, or <c>eos</c> where the model or a text of <c>stop</c> ended it; <c>none</c> while it goes on.
    /// </summary>
    public string StopType { get; init; } = "none";

    /// <summary>Tokens of the answer, at its end.</summary>
    public long TokensPredicted { get; init; }

    /// <summary>Tokens of the prompt, at the answer's end.</summary>
    public long TokensEvaluated { get; init; }

    /// <summary>Which of them had been computed before, at the answer's end.</summary>
    public long TokensCached { get; init; }

    /// <summary>Each part as a piece, the last with what the answer took.</summary>
    public static async IAsyncEnumerable<InfillReply> ToPiecesAsync(
        AnswerStream answers, string model, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(answers);
        ChatFinishReason? finish = null;
        await foreach (AnswerPart part in answers.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            finish = part.Finish ?? finish;
            if (part.Text.Length > 0)
                yield return new InfillReply(part.Text, model, Stop: false);
        }

        yield return End("", model, finish, answers.Usage);
    }

    /// <summary>The answer as one reply.</summary>
    public static async Task<InfillReply> FoldAsync(AnswerStream answers, string model, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(answers);
        Answer answer = (await answers.FoldAsync(cancellationToken).ConfigureAwait(false))[0];
        return End(answer.Text, model, answer.Finish, answers.Usage);
    }

    private static InfillReply End(string text, string model, ChatFinishReason? finish, ReplyUsage usage) => new(text, model, Stop: true)
    {
        StopType = finish == ChatFinishReason.Stop ? "eos" : "limit",
        TokensPredicted = usage.AnswerTokens,
        TokensEvaluated = usage.PromptTokens,
        TokensCached = usage.CachedTokens ?? 0,
    };
}
