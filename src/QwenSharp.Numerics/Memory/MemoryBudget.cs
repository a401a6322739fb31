namespace QwenSharp.Numerics;

/// <summary>
/// Bytes of memory that several share: each reserves its part, and what comes later gets what is left. Weights count too, once however many
/// compute with them, but as they are mapped and the system can drop their pages, nobody is refused for their sake.
/// Safe to use from several threads.
/// </summary>
public sealed class MemoryBudget
{
    private readonly Lock _gate = new();
    private readonly Dictionary<object, (long Bytes, int Holders)> _weights = [];
    private long _reserved;

    internal MemoryBudget(long bytes) => Bytes = bytes;

    /// <summary>All there is.</summary>
    public long Bytes { get; }

    /// <summary>What is reserved, without weights.</summary>
    public long Reserved
    {
        get
        {
            lock (_gate)
                return _reserved;
        }
    }

    /// <summary>What reservations and weights leave, those of one more model counted.</summary>
    /// <param name="weights">The model.</param>
    /// <param name="bytes">Bytes of its weights.</param>
    public long FreeBeside(object weights, long bytes)
    {
        lock (_gate)
            return Math.Max(0, Bytes - _reserved - _weights.Values.Sum(held => held.Bytes) - (_weights.ContainsKey(weights) ? 0 : bytes));
    }

    /// <summary>Reserves memory for one who computes with a model.</summary>
    /// <param name="weights">The model.</param>
    /// <param name="weightBytes">Bytes of its weights.</param>
    /// <param name="bytes">Bytes of everything else.</param>
    /// <returns>To be disposed when the memory was freed.</returns>
    /// <exception cref="MemoryBudgetException">Others have reserved too much.</exception>
    public MemoryReservation Reserve(object weights, long weightBytes, long bytes)
    {
        lock (_gate)
        {
            if (bytes > Bytes - _reserved)
                throw new MemoryBudgetException(bytes, Bytes - _reserved);

            _reserved += bytes;
            _weights[weights] = (weightBytes, _weights.GetValueOrDefault(weights).Holders + 1);
        }

        return new MemoryReservation(this, weights, bytes);
    }

    internal void Return(object weights, long bytes)
    {
        lock (_gate)
        {
            _reserved -= bytes;
            (long weightBytes, int holders) = _weights[weights];
            if (holders == 1)
                _weights.Remove(weights);
            else
                _weights[weights] = (weightBytes, holders - 1);
        }
    }
}

/// <summary>A part of a <see cref="MemoryBudget"/>, which goes back to it when this is disposed.</summary>
public sealed class MemoryReservation : IDisposable
{
    private readonly MemoryBudget _budget;
    private readonly object _weights;
    private int _returned;

    internal MemoryReservation(MemoryBudget budget, object weights, long bytes) => (_budget, _weights, Bytes) = (budget, weights, bytes);

    /// <summary>Bytes of it.</summary>
    public long Bytes { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _returned, 1) == 0)
            _budget.Return(_weights, Bytes);
    }
}

/// <summary>More memory is asked for than others have left.</summary>
public sealed class MemoryBudgetException(long needed, long free) : InvalidOperationException(
    $"{needed} bytes of memory are needed for keys, values and states; {free} are left.")
{
    /// <summary>Bytes that were asked for.</summary>
    public long Needed => needed;

    /// <summary>Bytes that are left.</summary>
    public long Free => free;
}
