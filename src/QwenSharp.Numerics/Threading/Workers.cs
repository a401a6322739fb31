using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

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
/// Persistent threads that share the tasks of one job at a time with the thread that calls <see cref="Run{TJob}"/>. A job may ask for the
/// first of them alone; the others sleep on.
/// Each begins with a share of neighbouring tasks, whose data usually lie one after the other, and takes half of what another
/// has left when its own are done.
/// Between jobs they spin for a moment, since a decode step starts its next job within microseconds, and then sleep.
/// A worker that is late is not waited for: the caller takes the tasks itself.
/// One thread at a time may call <see cref="Run{TJob}"/>. Who is not disposed keeps its (background) threads.
/// </summary>
internal sealed unsafe class Workers : IDisposable
{
    // A decode step leaves gaps of up to ~100 µs (sampling, operations on the caller alone); waking a sleeper costs tens of µs.
    // The second part of the wait yields, so that a machine with other work to do loses little to us.
    private static readonly long _spinTicks = Stopwatch.Frequency * 60 / 1_000_000;
    private static readonly long _awakeTicks = Stopwatch.Frequency * 200 / 1_000_000;

    // Woken workers wake others in turn, so that the caller of a job does not wake dozens one by one.
    private const int WakeFanOut = 2;

    private readonly Thread[] _threads;
    private readonly TaskShare[] _shares;

    // A worker that sleeps, or is about to, has a 1 here until somebody promises it a permit of its semaphore.
    private readonly int[] _asleep;
    private readonly SemaphoreSlim[] _wakes;
    private Shared _shared;
    private void* _job;
    private delegate*<void*, int, int, void> _execute;
    private Exception? _fault;
    private int _limit;
    private int _running;
    private volatile bool _stopping;

    /// <summary>Starts <paramref name="threads"/> − 1 worker threads; the caller of a job is the remaining one.</summary>
    public Workers(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        _threads = new Thread[threads - 1];
        _shares = new TaskShare[threads];
        _asleep = new int[threads];
        _wakes = [.. Enumerable.Range(0, threads).Select(_ => new SemaphoreSlim(0))];
        for (int i = 0; i < _threads.Length; i++)
        {
            int worker = i + 1;
            _threads[i] = new Thread(() => Work(worker)) { IsBackground = true, Name = $"qwensharp worker {worker}" };
            _threads[i].Start();
        }
    }

    /// <summary>How many threads work on a job, the caller's included.</summary>
    public int Threads => _threads.Length + 1;

    /// <summary>Ends the threads. No job may be running.</summary>
    public void Dispose()
    {
        if (_stopping)
            return;

        _stopping = true;
        Interlocked.MemoryBarrier();
        Wake(_threads.Length, Threads);
        foreach (Thread thread in _threads)
            thread.Join();

        foreach (SemaphoreSlim wake in _wakes)
            wake.Dispose();
    }

    /// <summary>Does tasks 0 … <paramref name="tasks"/> − 1 and returns when all are done. Allocates nothing.</summary>
    /// <param name="job">The work.</param>
    /// <param name="tasks">How many tasks it has.</param>
    /// <param name="threads">How many threads work on it, the caller's included.</param>
    /// <exception cref="InvalidOperationException">The pool is running another job: of another thread, or the one that this is a task
    /// of.</exception>
    /// <exception cref="Exception">The first exception that a task threw; the job's other tasks may not have run.</exception>
    public void Run<TJob>(ref TJob job, int tasks, int threads)
        where TJob : struct, IParallelJob
    {
        ObjectDisposedException.ThrowIf(_stopping, this);
        if (tasks <= 1 || threads == 1)
        {
            for (int task = 0; task < tasks; task++)
                job.Execute(task, 0);

            return;
        }

        if (Interlocked.Exchange(ref _running, 1) != 0)
        {
            throw new InvalidOperationException(
                "The worker pool is already running a job; one thread at a time may start one, and not from inside a task.");
        }

        // Pinning makes the job safe to point at wherever it lives; on a stack it costs nothing.
        fixed (byte* pointer = &Unsafe.As<TJob, byte>(ref job))
        {
            _job = pointer;
            _execute = &Invoke<TJob>;
            for (int worker = 0; worker < threads; worker++)
                _shares[worker].Set((int)((long)tasks * worker / threads), (int)((long)tasks * (worker + 1) / threads));

            Volatile.Write(ref _limit, threads);
            Interlocked.Increment(ref _shared.Epoch);
            if (Volatile.Read(ref _shared.Sleeping) > 0)
                Wake(Math.Min(WakeFanOut, tasks - 1), threads);

            TakeTasks(0);
            Interlocked.Increment(ref _shared.Epoch);
            AwaitWorkers();
        }

        Exception? fault = _fault;
        _fault = null;
        Volatile.Write(ref _running, 0);
        if (fault is not null)
            ExceptionDispatchInfo.Throw(fault);
    }

    private static void Invoke<TJob>(void* job, int task, int worker)
        where TJob : struct, IParallelJob => Unsafe.AsRef<TJob>(job).Execute(task, worker);

    private void TakeTasks(int worker)
    {
        try
        {
            ref TaskShare own = ref _shares[worker];
            do
            {
                while (own.TryTake(out int task))
                    _execute(_job, task, worker);
            }
            while (TrySteal(ref own));
        }
        catch (Exception fault)
        {
            Interlocked.CompareExchange(ref _fault, fault, null);

            foreach (ref TaskShare share in _shares.AsSpan())
                share.Set(0, 0);
        }
    }

    // Takes half of what the one with the most has left. False once all that is left are tasks in progress.
    private bool TrySteal(ref TaskShare own)
    {
        while (true)
        {
            ref TaskShare richest = ref own;
            int most = 0;
            foreach (ref TaskShare share in _shares.AsSpan(0, _limit))
            {
                int left = share.Left;
                if (left > most)
                {
                    most = left;
                    richest = ref share;
                }
            }

            if (most == 0)
                return false;

            if (richest.TryHalve(out int first, out int end))
            {
                own.Set(first, end);
                return true;
            }
        }
    }

    private bool HasTasksLeft()
    {
        foreach (ref TaskShare share in _shares.AsSpan())
        {
            if (share.Left > 0)
                return true;
        }

        return false;
    }

    private void AwaitWorkers()
    {
        if (Volatile.Read(ref _shared.Active) == 0)
            return;

        // A worker that the system has put aside in mid-task needs this processor more than our spinning does.
        long start = Stopwatch.GetTimestamp();
        while (Volatile.Read(ref _shared.Active) != 0)
        {
            if (Stopwatch.GetTimestamp() - start < _spinTicks)
                Thread.SpinWait(1);
            else
                Thread.Yield();
        }
    }

    private void Work(int worker)
    {
        int seen = 0;
        while (true)
        {
            if (!SpinForJob(worker, seen))
                Sleep(worker, seen);

            if (_stopping)
                return;

            // Entering before looking at the epoch again: whoever sees it odd here is waited for by the caller,
            // so the job outlives the tasks; whoever sees it even leaves the job alone.
            Interlocked.Increment(ref _shared.Active);
            int epoch = Volatile.Read(ref _shared.Epoch);
            if (IsOpen(epoch) && epoch != seen && worker < _limit)
                TakeTasks(worker);

            Interlocked.Decrement(ref _shared.Active);
            seen = epoch;
        }
    }

    private static bool IsOpen(int epoch) => (epoch & 1) == 1;

    private bool HasNews(int worker, int seen)
    {
        int epoch = Volatile.Read(ref _shared.Epoch);
        return (IsOpen(epoch) && epoch != seen && worker < Volatile.Read(ref _limit)) || _stopping;
    }

    private bool SpinForJob(int worker, int seen)
    {
        long start = Stopwatch.GetTimestamp(), waited;
        do
        {
            // Reading the clock only now and then keeps the answer to a new job fast.
            for (int i = 0; i < 16; i++)
            {
                if (HasNews(worker, seen))
                    return true;

                Thread.SpinWait(1);
            }

            waited = Stopwatch.GetTimestamp() - start;
            if (waited > _spinTicks)
                Thread.Yield();
        }
        while (waited < _awakeTicks);

        return false;
    }

    /// <summary>
    /// Sleeps until woken. Claims and permits match one to one: whoever claims a sleeper gives it a permit, or has claimed itself.
    /// </summary>
    private void Sleep(int worker, int seen)
    {
        // The count first: nobody lowers it for a sleeper that it does not count yet. Then the mark, and only then a look at the epoch:
        // whoever opens a job either sees the mark, or has opened it before this look.
        Interlocked.Increment(ref _shared.Sleeping);
        Interlocked.Exchange(ref _asleep[worker], 1);
        if (HasNews(worker, seen) && TryClaim(worker))
            return;

        _wakes[worker].Wait();
        if (IsOpen(Volatile.Read(ref _shared.Epoch)) && HasTasksLeft())
            Wake(WakeFanOut, Volatile.Read(ref _limit));
    }

    /// <summary>Wakes up to <paramref name="count"/> sleepers among the first workers.</summary>
    private void Wake(int count, int workers)
    {
        for (int worker = 1; worker < workers && count > 0; worker++)
        {
            if (Volatile.Read(ref _asleep[worker]) == 1 && TryClaim(worker))
            {
                _wakes[worker].Release();
                count--;
            }
        }
    }

    private bool TryClaim(int worker)
    {
        if (Interlocked.CompareExchange(ref _asleep[worker], 0, 1) == 0)
            return false;

        Interlocked.Decrement(ref _shared.Sleeping);
        return true;
    }

    /// <summary>What threads contend for, each on cache lines of its own (two, as processors fetch lines in pairs).</summary>
    [StructLayout(LayoutKind.Explicit, Size = 4 * Line)]
    private struct Shared
    {
        private const int Line = 128;

        /// <summary>Odd while a job is open.</summary>
        [FieldOffset(Line)]
        public int Epoch;

        /// <summary>Workers that may be inside the job.</summary>
        [FieldOffset(2 * Line)]
        public int Active;

        /// <summary>How many workers sleep, or are about to, and have been promised no permit yet.</summary>
        [FieldOffset((2 * Line) + 64)]
        public int Sleeping;
    }

    /// <summary>
    /// The tasks that one worker has still to do: the first in the lower 32 bits, the end in the upper, so that both change at once.
    /// </summary>
    /// <remarks>
    /// The owner takes from the front, others halve it from the end. A range is never the same twice during a job, as no task is
    /// taken twice, and whoever looks at it is inside the job; so comparing the value is enough.
    /// </remarks>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct TaskShare
    {
        [FieldOffset(64)]
        private long _range;

        public int Left
        {
            get
            {
                long range = Volatile.Read(ref _range);
                return End(range) - First(range);
            }
        }

        public void Set(int first, int end) => Volatile.Write(ref _range, Range(first, end));

        public bool TryTake(out int task)
        {
            while (true)
            {
                long range = Volatile.Read(ref _range);
                task = First(range);
                if (task >= End(range))
                    return false;

                if (Interlocked.CompareExchange(ref _range, Range(task + 1, End(range)), range) == range)
                    return true;
            }
        }

        public bool TryHalve(out int first, out int end)
        {
            long range = Volatile.Read(ref _range);
            end = End(range);
            first = First(range) + ((end - First(range)) / 2);
            return first < end && Interlocked.CompareExchange(ref _range, Range(First(range), first), range) == range;
        }

        private static int First(long range) => (int)range;

        private static int End(long range) => (int)(range >> 32);

        private static long Range(int first, int end) => ((long)end << 32) | (uint)first;
    }
}
