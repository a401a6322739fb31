using QwenSharp.Numerics;

namespace QwenSharp.Engine;

/// <summary>
/// What is kept of a sequence's computed positions: its blocks of keys and values, and its slot of recurrent states. A step computes rows
/// behind <see cref="Length"/>, and those that are kept are committed afterwards: what was not, the next step overwrites.
/// </summary>
internal sealed class SequenceMemory
{
    // Fewer are computed again: they take less time than the copy of a block.
    private const int LeastGain = 8;

    private readonly MemoryPool _pool;
    private readonly int[] _blocks;
    private readonly List<KeptState> _states = [];
    private int _count;

    // The last of its blocks that is in the tree of prefixes, with all before it.
    private PrefixNode? _tail;

    /// <summary>An empty memory, which takes a slot.</summary>
    /// <param name="pool">Where blocks and slots come from.</param>
    /// <param name="positions">Positions that it may come to hold.</param>
    /// <param name="adapter">What the sequence is computed with besides the model; null for nothing.</param>
    public SequenceMemory(MemoryPool pool, int positions, object? adapter = null)
    {
        _pool = pool;
        _blocks = new int[MemoryPool.BlocksFor(positions)];
        _tail = pool.Prefixes?.RootOf(adapter);
        Slot = pool.TakeSlot();
    }

    /// <summary>Positions that are committed.</summary>
    public int Length { get; private set; }

    /// <summary>The numbers of its blocks, of which only those that <see cref="Reserve"/> made sure of may be used.</summary>
    public int[] Blocks => _blocks;

    /// <summary>How many blocks it holds.</summary>
    public int Held => _count;

    /// <summary>Where its recurrent states are.</summary>
    public int Slot { get; private set; }

    /// <summary>Whether states are worth keeping: the model has such, and others may go on from them.</summary>
    public bool KeepsStates => _tail is not null && _pool.Runner.KeptStates > 0;

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
            int own = _pool.TakeBlock();
            _pool.Runner.CopyBlock(last, own);
            _pool.Blocks.Return(last);
            last = own;
        }

        for (int needed = MemoryPool.BlocksFor(Length + rows); _count < needed; _count++)
            _blocks[_count] = _pool.TakeBlock();
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

    /// <summary>Lets others go on from the blocks that are full, as soon as they are.</summary>
    /// <param name="tokens">The sequence's tokens, at least <see cref="Length"/>.</param>
    public void KeepPrefix(ReadOnlySpan<int> tokens)
    {
        while (_tail is { } tail && tail.End + KvStore.BlockTokens <= Length)
        {
            ref int block = ref _blocks[tail.End / KvStore.BlockTokens];
            _tail = _pool.Prefixes!.Keep(tail, tokens.Slice(tail.End, KvStore.BlockTokens), block);
            KeepStates(_tail);
            if (_tail.Block == block)
                continue;

            // Another sequence has computed the same: its bits are these.
            _pool.Blocks.Share(_tail.Block);
            _pool.Blocks.Return(block);
            block = _tail.Block;
        }
    }

    /// <summary>Lets others go on from here in a model with recurrent layers, as long as there is room for such states.</summary>
    public void KeepState()
    {
        if (KeepsStates && _tail!.StateAt(Length) is null && !_states.Exists(state => state.Position == Length)
            && _pool.Prefixes!.Copy(Slot, Length) is { } copy)
        {
            _states.Add(copy);
            KeepStates(_tail);
        }
    }

    /// <summary>What is kept of the tokens behind those that are computed.</summary>
    /// <param name="tokens">The sequence's.</param>
    /// <param name="match">Filled.</param>
    /// <returns>Whether it goes so much further than <see cref="Length"/> that it is worth adopting.</returns>
    public bool Find(ReadOnlySpan<int> tokens, PrefixMatch match)
    {
        if (_tail is null)
            return false;

        // The last token is computed in any case: what follows it is wanted.
        _pool.Prefixes!.Find(_tail, tokens, tokens.Length - 1, match);
        return match.Length - Length >= LeastGain;
    }

    /// <summary>Goes on from what was found.</summary>
    public void Adopt(PrefixMatch match)
    {
        int first = _tail!.End / KvStore.BlockTokens;
        for (int i = 0; i < match.Blocks.Count; i++)
        {
            _pool.Blocks.Share(match.Blocks[i]);
            if (first + i < _count)
                _pool.Blocks.Return(_blocks[first + i]);

            _blocks[first + i] = match.Blocks[i];
        }

        _count = Math.Max(_count, first + match.Blocks.Count);
        (_tail, Length) = (match.Tail, match.Length);
        if (match.State is { } state)
        {
            _pool.Runner.States!.Copy(state.Slot, Slot);
            _pool.Prefixes!.Touch(state);
        }
    }

    /// <summary>Forgets the positions from one on. A recurrent state must be there already, by a snapshot, or begin again.</summary>
    /// <exception cref="InvalidOperationException">The recurrent state is that of another position.</exception>
    public void RollBack(int length)
    {
        if (length != 0 && _pool.Runner.States is { } states && states.PositionOf(Slot) != length)
            throw new InvalidOperationException($"The recurrent state does not go back to position {length} without a snapshot.");

        while (_tail is { Parent: not null } && _tail.End > length)
            _tail = _tail.Parent;

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

        return new MemorySnapshot(_pool, blocks, Length, Length == 0 ? null : _pool.Runner.States?.Snapshot(Slot), _tail);
    }

    /// <summary>Goes on from a snapshot, whose blocks it shares.</summary>
    public void Restore(MemorySnapshot snapshot)
    {
        foreach (int block in snapshot.Blocks)
            _pool.Blocks.Share(block);

        RollBack(0);
        snapshot.Blocks.CopyTo(_blocks, 0);
        (_count, Length, _tail) = (snapshot.Blocks.Length, snapshot.Length, snapshot.Tail);
        if (snapshot.State is { } state)
            _pool.Runner.States!.Restore(Slot, state);
    }

    /// <summary>Gives everything back and leaves it to others to go on from; the memory is not used afterwards.</summary>
    /// <param name="tokens">The sequence's; none where nothing is to be left.</param>
    public void Release(ReadOnlySpan<int> tokens = default)
    {
        if (tokens.Length >= Length && Length > 0)
            Leave(tokens);

        foreach (KeptState state in _states)
            _pool.ReturnKeptSlot(state.Slot);

        RollBack(0);
        _pool.ReturnSlot(Slot);
        Slot = -1;
    }

    private void Leave(ReadOnlySpan<int> tokens)
    {
        KeepState();
        KeepPrefix(tokens);
        if (_tail is not { } tail || tail.End == Length)
            return;

        PrefixNode rest = _pool.Prefixes!.Keep(tail, tokens[tail.End..Length], _blocks[tail.End / KvStore.BlockTokens]);
        KeepStates(rest);
    }

    private void KeepStates(PrefixNode node)
    {
        for (int i = _states.Count - 1; i >= 0; i--)
        {
            if (_states[i].Position > node.End)
                continue;

            _pool.Prefixes!.Keep(node, _states[i]);
            _states.RemoveAt(i);
        }
    }
}
