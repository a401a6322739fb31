namespace QwenSharp.Numerics;

/// <summary>Lets one at a time go on, in the order in which they came: whoever comes back at once stands behind those who wait.</summary>
internal sealed class TurnQueue
{
    private readonly Lock _gate = new();
    private readonly Queue<SemaphoreSlim> _waiting = new();
    private bool _isTaken;

    /// <summary>How many wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
                return _waiting.Count;
        }
    }

    /// <summary>Waits for a turn.</summary>
    /// <param name="called">The caller's own; released when it is its turn.</param>
    public void Take(SemaphoreSlim called)
    {
        lock (_gate)
        {
            if (!_isTaken)
            {
                _isTaken = true;
                return;
            }

            _waiting.Enqueue(called);
        }

        called.Wait();
    }

    /// <summary>Ends a turn; the next one's begins.</summary>
    public void Give()
    {
        lock (_gate)
        {
            if (_waiting.TryDequeue(out SemaphoreSlim? next))
                next.Release();
            else
                _isTaken = false;
        }
    }
}
