using Microsoft.Extensions.AI;
using QwenSharp.Corpus.Expectations;

namespace QwenSharp.Cli.Eval;

/// <summary>Asks a model many things at a time, as the engine computes them in one batch.</summary>
/// <param name="client">The model.</param>
/// <param name="atOnce">Requests under way at a time.</param>
internal sealed class ParallelChat(IChatClient client, int atOnce)
{
    /// <summary>Asks everything; the answers come in the order of the questions.</summary>
    /// <param name="count">How many questions there are.</param>
    /// <param name="ask">The messages and the options of one of them.</param>
    /// <param name="progress">Told after each answer how many there are.</param>
    /// <param name="stop">Ends it.</param>
    public async Task<IReadOnlyList<Answer>> AskAsync(int count, Func<int, (IEnumerable<ChatMessage> Messages, ChatOptions Options)> ask, Action<int> progress, CancellationToken stop)
    {
        Answer[] answers = new Answer[count];
        int done = 0;
        ParallelOptions options = new() { MaxDegreeOfParallelism = atOnce, CancellationToken = stop };
        await Parallel.ForAsync(0, count, options, async (i, cancelled) =>
        {
            (IEnumerable<ChatMessage> messages, ChatOptions chat) = ask(i);
            answers[i] = ChatAnswer.Read(await client.GetResponseAsync(messages, chat, cancelled).ConfigureAwait(false));
            progress(Interlocked.Increment(ref done));
        }).ConfigureAwait(false);
        return answers;
    }
}
