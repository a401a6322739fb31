namespace QwenSharp.Hub;

/// <summary>
/// Pauses between attempts: half a second, then twice as long each time, or as long as the server asks for; success starts over.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="isFirst">Whether nothing has come yet: then a hub that cannot be reached is not waited for, as it is mostly the network
/// that is not there.</param>
internal sealed class Backoff(TimeProvider time, bool isFirst = false)
{
    private const int Attempts = 6;
    private static readonly TimeSpan LongestAsked = TimeSpan.FromMinutes(5);
    private int _failures;

    /// <summary>Something came through: failures before it do not count.</summary>
    public void Reset() => _failures = 0;

    /// <summary>Waits after a failure.</summary>
    /// <exception cref="HubException">There were too many in a row, or the server asks for more patience than anyone has.</exception>
    public Task WaitAsync(TransientException failure, CancellationToken cancellationToken)
    {
        if (failure.RetryAfter > LongestAsked)
        {
            throw new HubException(
                $"{failure.Message.TrimEnd('.')}. It asks to come back in {failure.RetryAfter.Value.TotalMinutes:0} minutes; "
                    + "pull again then.",
                failure);
        }

        int attempts = isFirst ? failure.AttemptsToReach ?? Attempts : Attempts;
        if (++_failures >= attempts)
        {
            throw new HubException(
                isFirst && failure.AttemptsToReach is not null
                    ? $"{failure.Message.TrimEnd('.')}. Is there a network?"
                    : $"{failure.Message.TrimEnd('.')}. Gave up after {attempts} attempts; pull again to go on from there.",
                failure);
        }

        TimeSpan pause = TimeSpan.FromSeconds(0.5 * (1 << (_failures - 1)));
        return Task.Delay(failure.RetryAfter > pause ? failure.RetryAfter.Value : pause, time, cancellationToken);
    }

    /// <summary>Runs work that comes before any transfer until it succeeds or has failed too often.</summary>
    public static async Task<T> RunAsync<T>(TimeProvider time, Func<Task<T>> work, CancellationToken cancellationToken)
    {
        Backoff backoff = new(time, isFirst: true);
        while (true)
        {
            try
            {
                return await work().ConfigureAwait(false);
            }
            catch (TransientException failure)
            {
                await backoff.WaitAsync(failure, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
