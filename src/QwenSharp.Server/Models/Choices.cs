using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Events;

namespace QwenSharp.Server.Models;

/// <summary>Asks for the updates of all choices of a request.</summary>
internal delegate IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> ChoiceSource(CancellationToken cancellationToken);

/// <summary>The choices of one request: sequences of the same batch, whose updates go out as they come.</summary>
internal static class Choices
{
    /// <summary>Runs all choices at once. The first that fails ends the others and the stream.</summary>
    public static async IAsyncEnumerable<ChoiceUpdate> MergeAsync(
        ChoiceSource source,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Channel<ChoiceUpdate> updates = Channel.CreateUnbounded<ChoiceUpdate>(new UnboundedChannelOptions { SingleReader = true });
        Task all = PumpAllAsync(source(ended.Token), updates.Writer, ended);
        try
        {
            await foreach (ChoiceUpdate update in updates.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                yield return update;
        }
        finally
        {
            // A reader that leaves early takes the sequences with it.
            await ended.CancelAsync().ConfigureAwait(false);
            await all.ConfigureAwait(false);
        }
    }

    private static async Task PumpAllAsync(
        IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> choices,
        ChannelWriter<ChoiceUpdate> updates,
        CancellationTokenSource ended)
    {
        await Task.WhenAll(choices.Select((choice, index) => PumpAsync(choice, index, updates, ended))).ConfigureAwait(false);
        updates.TryComplete();
    }

    private static async Task PumpAsync(
        IAsyncEnumerable<ChatResponseUpdate> choice, int index, ChannelWriter<ChoiceUpdate> updates, CancellationTokenSource ended)
    {
        try
        {
            await foreach (ChatResponseUpdate update in choice.WithCancellation(ended.Token).ConfigureAwait(false))
                updates.TryWrite(new ChoiceUpdate(index, update));
        }
        catch (Exception fault)
        {
            updates.TryComplete(fault);
            await ended.CancelAsync().ConfigureAwait(false);
        }
    }
}
