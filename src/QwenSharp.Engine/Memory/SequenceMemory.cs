using QwenSharp.Numerics;

namespace QwenSharp.Engine;

/// <summary>
/// What is kept of a sequence's computed positions: its blocks of keys and values, and its slot of recurrent states. A step computes rows
/// behind <see cref="Length"/>, and those that are kept are committed afterwards: what was not, the next step overwrites.
/// </summary>
internal sealed class SequenceMemory
{
    private readonly MemoryPool _pool;
    private readonly int[] _blocks;
    private int _count;

    /// <summary>An empty memory, which takes a slot.</summary>
    /// <param name="pool">Where blocks and slots come from.</param>
    /// <param name="positions">Positions that it may come to hold.</param>
    public SequenceMemory(MemoryPool pool, int positions)
    {
        _pool = pool;
        _blocks = new int[MemoryPool.BlocksFor(positions)];
        Slot = pool.TakeSlot();
    }

    /// <summary>Positions that are committed.</summary>
    public int Length { get; private set; }

    /// <summary>The numbers of its blocks, of which only those that <see cref="Reserve"/> made sure of may be used.</summary>
    public int[] Blocks => _blocks;

    /// <summary>Where its recurrent states are.</summary>
    public int Slot { get; private set; }

    /// <summary>The last block, where it is not full and others read it too.</summary>
    private bool SharesLastBlock =>
        Length % KvStore.BlockTokens != 0 && _pool.Blocks.IsShared(_blocks[Length / KvStore.BlockTokens]);

    /// <summary>How many free blocks <see cref="Reserve"/> would take.</summary>
    public int Missing(int rows) =>
        Math.Max(0, MemoryPool.BlocksFor(Length + rows) - _count) + (SharesLastBlock ? 1 : 0);

    /// <summary>
    /// Makes room for rows behind the committed positions; there must be <see cref="Missing"/> free blocks. A block that others read is
    /// copied before it is written.
    /// </summary>
    public void Reserve(int rows)
    {
        if (SharesLastBlock)
        {
            ref int last = ref _blocks[Length / KvStore.BlockTokens];
            int own = _pool.Blocks.Take();
            _pool.Runner.CopyBlock(last, own);
            _pool.Blocks.Return(last);
            last = own;
        }

        for (int needed = MemoryPool.BlocksFor(Length + rows); _count < needed; _count++)
            _blocks[_count] = _pool.Blocks.Take();
    }

    /// <summary>Keeps the first rows that a step computed.</summary>
    /// <exception cref="InvalidOperationException">A recurrent state has gone further: it goes back only to a snapshot.</exception>
    public void Commit(int rows)
    {
        if (_pool.Runner.States is { } states && states.PositionOf(Slot) != Length + rows)
        {
            throw new InvalidOperationException(
                $"The recurrent state is that of {states.PositionOf(Slot)} positions, not of {Length + rows}: "
                + "a step is kept as a whole, or a snapshot is restored.");
        }

        Length += rows;
    }

    /// <summary>Forgets the positions from one on. A recurrent state must be there already, by a snapshot, or begin again.</summary>
    /// <exception cref="InvalidOperationException">The recurrent state is that of another position.</exception>
    public void RollBack(int length)
    {
        if (length != 0 && _pool.Runner.States is { } states && states.PositionOf(Slot) != length)
            throw new InvalidOperationException($"The recurrent state does not go back to position {length} without a snapshot.");

        for (int kept = MemoryPool.BlocksFor(length); _count > kept;)
            _pool.Blocks.Return(_blocks[--_count]);

        Length = length;
    }

    /// <summary>What it takes for any sequence to go on from here: the blocks, shared, and a copy of the recurrent state.</summary>
    public MemorySnapshot Snapshot()
    {
        int[] blocks = _blocks[..MemoryPool.BlocksFor(Length)];
        foreach (int block in blocks)
            _pool.Blocks.Share(block);

        return new MemorySnapshot(_pool, blocks, Length, Length == 0 ? null : _pool.Runner.States?.Snapshot(Slot));
    }

    /// <summary>Goes on from a snapshot, whose blocks it shares.</summary>
    public void Restore(MemorySnapshot snapshot)
    {
        foreach (int block in snapshot.Blocks)
            _pool.Blocks.Share(block);

        RollBack(0);
        snapshot.Blocks.CopyTo(_blocks, 0);
        (_count, Length) = (snapshot.Blocks.Length, snapshot.Length);
        if (snapshot.State is { } state)
            _pool.Runner.States!.Restore(Slot, state);
    }

    /// <summary>Gives everything back; the memory is not used afterwards.</summary>
    public void Release()
    {
        RollBack(0);
        _pool.ReturnSlot(Slot);
        Slot = -1;
    }
}
