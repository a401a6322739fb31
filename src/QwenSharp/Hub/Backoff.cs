namespace QwenSharp.Hub;

/// <summary>
/// Pauses between attempts: half a second, then twice as long each time, or as long as the server asks for; success starts over.
/// </summary>
internal sealed class Backoff(TimeProvider time)
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

        if (++_failures >= Attempts)
        {
            throw new HubException(
                $"{failure.Message.TrimEnd('.')}. Gave up after {Attempts} attempts; pull again to go on from there.",
                failure);
        }

        TimeSpan pause = TimeSpan.FromSeconds(0.5 * (1 << (_failures - 1)));
        return Task.Delay(failure.RetryAfter > pause ? failure.RetryAfter.Value : pause, time, cancellationToken);
    }

    /// <summary>Runs work until it succeeds or has failed too often.</summary>
    public static async Task<T> RunAsync<T>(TimeProvider time, Func<Task<T>> work, CancellationToken cancellationToken)
    {
        Backoff backoff = new(time);
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
