using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Events;

namespace QwenSharp.Protocols.OpenAI.Responses;

/// <summary>An answer as the events of a response.</summary>
public static class ResponseStream
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The events: <c>response.created</c> and <c>response.in_progress</c>, the items one after the other, and <c>response.completed</c> or
    /// <c>response.incomplete</c>. Every thirty seconds that nothing else comes <c>response.in_progress</c> does.
    /// </summary>
    /// <param name="answers">The answer, one choice.</param>
    /// <param name="writer">Writes it.</param>
    /// <param name="cancellationToken">Stops the stream.</param>
    public static async IAsyncEnumerable<ResponseEvent> ToEventsAsync(
        AnswerStream answers, ResponseWriter writer, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(answers);
        ArgumentNullException.ThrowIfNull(writer);
        bool begun = false;
        ChatFinishReason finish = ChatFinishReason.Stop;
        IAsyncEnumerable<AnswerPart?> parts = Pulse.In(answers.ReadAsync(cancellationToken), Pause, cancellationToken);
        await foreach (AnswerPart? part in parts.ConfigureAwait(false))
        {
            IEnumerable<ResponseEvent> begin = begun ? part is null ? [writer.Alive()] : [] : writer.Begin();
            begun = true;
            foreach (ResponseEvent written in part is null ? begin : begin.Concat(writer.Write(part)))
                yield return written;

            finish = part?.Finish ?? finish;
        }

        foreach (ResponseEvent written in writer.End(finish, answers.Usage))
            yield return written;
    }
}
