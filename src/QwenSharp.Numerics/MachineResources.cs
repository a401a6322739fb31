namespace QwenSharp.Numerics;

/// <summary>
/// What there is once on a machine, however many models compute on it: threads, which whoever computes takes for a step at a time, and
/// memory, of which everybody reserves a part. A program makes one and hands it to all its models. Safe to use from several threads.
/// </summary>
/// <remarks>
/// Each holder has a handle of its own, from <see cref="Share"/>, and disposes it: the threads end with the last one.
/// </remarks>
public sealed class MachineResources : IDisposable
{
    private readonly Shared _shared;
    private int _disposed;

    /// <summary>Describes the machine; threads start when the first model computes.</summary>
    /// <param name="threads">Threads that compute; 0 for one a processor.</param>
    /// <param name="memoryBytes">Memory for weights, KV caches and recurrent states; 0 for what the system lets this process have.</param>
    public MachineResources(int threads = 0, long memoryBytes = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        ArgumentOutOfRangeException.ThrowIfNegative(memoryBytes);
        _shared = new Shared(
            threads == 0 ? Environment.ProcessorCount : threads,
            memoryBytes == 0 ? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes : memoryBytes);
    }

    private MachineResources(Shared shared) => _shared = shared;

    /// <summary>How many threads compute at most.</summary>
    public int Threads => _shared.Threads;

    /// <summary>The memory, and who has reserved what of it.</summary>
    public MemoryBudget Memory => _shared.Memory;

    /// <summary>A handle for one more holder.</summary>
    /// <exception cref="ObjectDisposedException">This handle was disposed.</exception>
    public MachineResources Share()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0 || !_shared.TryHold(), this);
        return new MachineResources(_shared);
    }

    /// <summary>Gives this handle up.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
            _shared.Leave();
    }

    /// <summary>Some of the threads, for one who computes with them in turns with others.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many.</exception>
    internal WorkerPool Workers(int threads)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        if (threads > Threads)
        {
            throw new ArgumentOutOfRangeException(
                nameof(threads), threads, $"{threads} threads are asked for; the machine's resources have {Threads}.");
        }

        return new WorkerPool(_shared.Workers.Value, _shared.Turns, threads == 0 ? Threads : threads);
    }

    private sealed class Shared(int threads, long memoryBytes)
    {
        private int _holders = 1;

        public int Threads => threads;

        public MemoryBudget Memory { get; } = new(memoryBytes);

        public TurnQueue Turns { get; } = new();

        public Lazy<Workers> Workers { get; } = new(() => new Workers(threads));

        public bool TryHold()
        {
            int holders = Volatile.Read(ref _holders);
            while (holders > 0)
            {
                int found = Interlocked.CompareExchange(ref _holders, holders + 1, holders);
                if (found == holders)
                    return true;

                holders = found;
            }

            return false;
        }

        public void Leave()
        {
            if (Interlocked.Decrement(ref _holders) == 0 && Workers.IsValueCreated)
                Workers.Value.Dispose();
        }
    }
}
