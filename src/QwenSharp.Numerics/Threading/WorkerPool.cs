namespace QwenSharp.Numerics;

/// <summary>
/// Threads that share the tasks of one job at a time with the thread that calls <see cref="Run{TJob}"/>: a pool of its own, or some of the
/// threads of a machine's pool, where whoever computes takes a turn first. One thread at a time uses it.
/// </summary>
public sealed class WorkerPool : IDisposable
{
    private readonly Workers _workers;
    private readonly TurnQueue? _turns;
    private readonly SemaphoreSlim _called = new(0);
    private bool _disposed;

    /// <summary>Starts <paramref name="threads"/> − 1 threads of its own; the caller of a job is the remaining one.</summary>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        (_workers, Threads) = (new Workers(threads), threads);
    }

    /// <summary>Shares a machine's pool.</summary>
    internal WorkerPool(Workers workers, TurnQueue turns, int threads) => (_workers, _turns, Threads) = (workers, turns, threads);

    /// <summary>How many threads work on a job, the caller's included.</summary>
    public int Threads { get; }

    /// <summary>Takes the threads for a step, and waits as long as others have them; those who wait are served in their order.</summary>
    public void TakeTurn() => _turns?.Take(_called);

    /// <summary>Hands the threads to whoever waits.</summary>
    public void EndTurn() => _turns?.Give();

    /// <summary>Ends the threads, if they are its own. No job may be running.</summary>
    public void Dispose()
    {
        _disposed = true;
        if (_turns is null)
            _workers.Dispose();
    }

    /// <summary>Does tasks 0 … <paramref name="tasks"/> − 1 and returns when all are done. Allocates nothing.</summary>
    /// <exception cref="InvalidOperationException">The threads are running another job: of another thread, or the one that this is a task
    /// of.</exception>
    /// <exception cref="Exception">The first exception that a task threw; the job's other tasks may not have run.</exception>
    internal void Run<TJob>(ref TJob job, int tasks)
        where TJob : struct, IParallelJob
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _workers.Run(ref job, tasks, Threads);
    }
}
