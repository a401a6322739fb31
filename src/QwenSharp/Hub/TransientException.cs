namespace QwenSharp.Hub;

/// <summary>
/// A failure that may pass: a broken connection, a busy server. Caught by <see cref="Backoff"/>; its message ends up in the last error.
/// </summary>
/// <param name="message">What happened.</param>
/// <param name="retryAfter">How long the server asked to wait, if it did.</param>
/// <param name="inner">What it was noticed by.</param>
/// <param name="attemptsToReach">Where nobody could be reached: how many attempts that is worth before anything came.</param>
internal sealed class TransientException(string message, TimeSpan? retryAfter = null, Exception? inner = null, int? attemptsToReach = null)
    : Exception(message, inner)
{
    public int? AttemptsToReach { get; } = attemptsToReach;


    public TimeSpan? RetryAfter { get; } = retryAfter;
}
