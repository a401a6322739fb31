using System.Runtime.CompilerServices;

namespace QwenSharp.Protocols.Events;

/// <summary>A stream with signs of life, for protocols whose clients wait no longer than one stays away.</summary>
public static class Pulse
{
    /// <summary>
    /// The items of a stream, and null in between: once when the stream has begun without failing at once, and whenever the next item is
    /// not there after a while.
    /// </summary>
    /// <param name="items">The stream.</param>
    /// <param name="pause">How long nothing may come before a null does.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    public static async IAsyncEnumerable<T?> In<T>(
        IAsyncEnumerable<T> items, TimeSpan pause, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class
    {
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        IAsyncEnumerator<T> item = items.GetAsyncEnumerator(ended.Token);
        Task<bool> next = item.MoveNextAsync().AsTask();
        try
        {
            if (!next.IsFaulted)
                yield return null;

            while (true)
            {
                while (!await IsThereAsync(next, pause).ConfigureAwait(false))
                    yield return null;

                if (!await next.ConfigureAwait(false))
                    break;

                yield return item.Current;
                next = item.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            // Who leaves early leaves while the next item is on its way; an enumerator cannot be disposed before it has come to rest.
            await ended.CancelAsync().ConfigureAwait(false);
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await item.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static async Task<bool> IsThereAsync(Task next, TimeSpan pause)
    {
        if (!next.IsCompleted)
            await next.WaitAsync(pause, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        return next.IsCompleted;
    }
}
