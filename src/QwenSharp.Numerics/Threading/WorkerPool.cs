using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace QwenSharp.Numerics;

/// <summary>Work that is cut into numbered tasks, which any worker may take in any order.</summary>
internal interface IParallelJob
{
    /// <summary>Does one task.</summary>
    /// <param name="task">The task's number, from 0.</param>
    /// <param name="worker">Who does it, below <see cref="WorkerPool.Threads"/>: an index for scratch memory.</param>
    void Execute(int task, int worker);
}

/// <summary>
/// Persistent threads that share the tasks of one job at a time with the thread that calls <see cref="Run{TJob}"/>.
/// Between jobs they spin for a moment, since a decode step starts its next job within microseconds, and then sleep.
/// A worker that is late is not waited for: the caller takes the tasks itself.
/// One thread at a time may call <see cref="Run{TJob}"/>.
/// </summary>
public sealed unsafe class WorkerPool : IDisposable
{
    private const int SpinsBeforeYield = 2_000;
    private const int YieldsBeforeSleep = 50;

    private readonly Thread[] _threads;
    private readonly SemaphoreSlim _wake = new(0);

    // Odd while a job is open. A worker enters by adding itself to _active and then reading an odd epoch;
    // the caller closes the epoch and then waits for _active to be zero, so no worker touches a finished job.
    private int _epoch;
    private int _active;
    private int _sleeping;
    private int _next;
    private int _tasks;
    private void* _job;
    private delegate*<void*, int, int, void> _execute;
    private Exception? _fault;
    private volatile bool _stopping;

    /// <summary>Starts <paramref name="threads"/> − 1 worker threads; the caller of a job is the remaining one.</summary>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        _threads = new Thread[threads - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            int worker = i + 1;
            _threads[i] = new Thread(() => Work(worker)) { IsBackground = true, Name = $"qwensharp worker {worker}" };
            _threads[i].Start();
        }
    }

    /// <summary>How many threads work on a job, the caller's included.</summary>
    public int Threads => _threads.Length + 1;

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping = true;
        _wake.Release(Threads);
        foreach (Thread thread in _threads)
            thread.Join();

        _wake.Dispose();
    }

    /// <summary>Does tasks 0 … <paramref name="tasks"/> − 1 and returns when all are done. Allocates nothing.</summary>
    /// <exception cref="Exception">The first exception that a task threw; the job's other tasks may not have run.</exception>
    internal void Run<TJob>(ref TJob job, int tasks)
        where TJob : struct, IParallelJob
    {
        if (tasks <= 1 || _threads.Length == 0)
        {
            for (int task = 0; task < tasks; task++)
                job.Execute(task, 0);

            return;
        }

        // The job lives on this thread's stack, which cannot move and outlives the wait below.
        _job = Unsafe.AsPointer(ref job);
        _execute = &Invoke<TJob>;
        _tasks = tasks;
        _next = 0;
        Interlocked.Increment(ref _epoch);
        if (Volatile.Read(ref _sleeping) > 0)
            _wake.Release(Math.Min(_threads.Length, tasks - 1));

        TakeTasks(0);
        Interlocked.Increment(ref _epoch);
        SpinWait wait = default;
        while (Volatile.Read(ref _active) != 0)
        {
            if (wait.Count < 20)
                wait.SpinOnce(sleep1Threshold: -1);
            else
                Thread.SpinWait(8);
        }

        if (_fault is { } fault)
        {
            _fault = null;
            ExceptionDispatchInfo.Throw(fault);
        }
    }

    private static void Invoke<TJob>(void* job, int task, int worker)
        where TJob : struct, IParallelJob => Unsafe.AsRef<TJob>(job).Execute(task, worker);

    private void TakeTasks(int worker)
    {
        try
        {
            int task;
            while ((task = Interlocked.Increment(ref _next) - 1) < _tasks)
                _execute(_job, task, worker);
        }
        catch (Exception fault)
        {
            Interlocked.CompareExchange(ref _fault, fault, null);
            Volatile.Write(ref _next, int.MaxValue / 2);
        }
    }

    private void Work(int worker)
    {
        int seen = 0;
        while (true)
        {
            int epoch = WaitForJob(seen);
            if (_stopping)
                return;

            Interlocked.Increment(ref _active);
            epoch = Volatile.Read(ref _epoch);
            if ((epoch & 1) == 1)
                TakeTasks(worker);

            Interlocked.Decrement(ref _active);
            seen = epoch;
        }
    }

    private int WaitForJob(int seen)
    {
        for (int spin = 0; spin < SpinsBeforeYield + YieldsBeforeSleep; spin++)
        {
            int epoch = Volatile.Read(ref _epoch);
            if ((epoch != seen && (epoch & 1) == 1) || _stopping)
                return epoch;

            if (spin < SpinsBeforeYield)
                Thread.SpinWait(10);
            else
                Thread.Yield();
        }

        Interlocked.Increment(ref _sleeping);
        int now = Volatile.Read(ref _epoch);
        if ((now == seen || (now & 1) == 0) && !_stopping)
            _wake.Wait();

        Interlocked.Decrement(ref _sleeping);
        return Volatile.Read(ref _epoch);
    }
}
