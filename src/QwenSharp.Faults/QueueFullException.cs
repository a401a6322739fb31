namespace QwenSharp.Faults;

/// <summary>An engine takes no more sequences for now: too many would wait.</summary>
/// <param name="asked">How many sequences were to be queued.</param>
/// <param name="waiting">How many wait already.</param>
/// <param name="limit">How many may wait.</param>
public sealed class QueueFullException(int asked, int waiting, int limit) : InvalidOperationException(
    asked > limit
        ? $"{asked} sequences are asked for at once; {limit} may wait."
        : $"{waiting} of {limit} sequences wait already, so that {asked} more cannot be taken now. Try again later.")
{
    /// <summary>How many sequences were to be queued.</summary>
    public int Asked => asked;

    /// <summary>How many wait already.</summary>
    public int Waiting => waiting;

    /// <summary>How many may wait; a request for more can never be taken.</summary>
    public int Limit => limit;
}
