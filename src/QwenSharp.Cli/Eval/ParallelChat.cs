using Microsoft.Extensions.AI;
using QwenSharp.Corpus.Expectations;

namespace QwenSharp.Cli.Eval;

/// <summary>Asks a model many things at a time, as the engine computes them in one batch.</summary>
/// <param name="client">The model.</param>
/// <param name="atOnce">Requests under way at a time.</param>
internal sealed class ParallelChat(IChatClient client, int atOnce)
{
    /// <summary>What a question is called where it cannot be asked.</summary>
    public Func<int, string> NameOf { get; init; } = i => $"prompt {i + 1}";

    /// <summary>Asks everything; the answers come in the order of the questions.</summary>
    /// <param name="count">How many questions there are.</param>
    /// <param name="ask">The messages and the options of one of them.</param>
    /// <param name="progress">Told after each answer how many there are.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="InvalidDataException">The model cannot be asked a question, such as one longer than its context; the message names
    /// it.</exception>
    public async Task<IReadOnlyList<Answer>> AskAsync(
        int count,
        Func<int, (IEnumerable<ChatMessage> Messages, ChatOptions Options)> ask,
        Action<int> progress,
        CancellationToken stop)
    {
        Answer[] answers = new Answer[count];
        int done = 0;
        ParallelOptions options = new() { MaxDegreeOfParallelism = atOnce, CancellationToken = stop };
        await Parallel.ForAsync(0, count, options, async (i, cancelled) =>
        {
            (IEnumerable<ChatMessage> messages, ChatOptions chat) = ask(i);
            try
            {
                answers[i] = ChatAnswer.Read(await client.GetResponseAsync(messages, chat, cancelled).ConfigureAwait(false));
            }
            catch (Exception fault) when (fault is ArgumentException or NotSupportedException or Chat.TemplateException)
            {
                throw new InvalidDataException($"{NameOf(i)}: {CommandTree.Said(fault)}", fault);
            }

            progress(Interlocked.Increment(ref done));
        }).ConfigureAwait(false);
        return answers;
    }
}
