using QwenSharp.Numerics;

namespace QwenSharp.Engine;

/// <summary>What the sequences of one runner keep their keys, values and states in: blocks, and slots of recurrent states.</summary>
internal sealed class MemoryPool
{
    private readonly Stack<int> _slots;
    private readonly Stack<int> _keptSlots;

    /// <summary>All of it is free.</summary>
    /// <param name="runner">Whose memory it is.</param>
    /// <param name="keepsPrefixes">Whether what sequences leave behind is kept for others to go on from.</param>
    public MemoryPool(ModelRunner runner, bool keepsPrefixes = false)
    {
        Runner = runner;
        Blocks = new BlockPool(runner.Blocks);
        _slots = new Stack<int>(Enumerable.Range(0, runner.Sequences).Reverse());
        _keptSlots = new Stack<int>(Enumerable.Range(runner.Sequences, runner.KeptStates).Reverse());
        Prefixes = keepsPrefixes ? new PrefixCache(this) : null;
    }

    public ModelRunner Runner { get; }

    public BlockPool Blocks { get; }

    /// <summary>What is kept of earlier sequences; null where nothing is.</summary>
    public PrefixCache? Prefixes { get; }

    public static int BlocksFor(int positions) => (positions + KvStore.BlockTokens - 1) / KvStore.BlockTokens;

    /// <summary>Takes a block, where none is unused the one whose content was kept longest; one must be free.</summary>
    public int TakeBlock()
    {
        if (Blocks.Oldest is >= 0 and int oldest)
            Prefixes!.Drop(oldest);

        return Blocks.Take();
    }

    /// <summary>Slots for kept states in which there is none.</summary>
    public int FreeKeptSlots => _keptSlots.Count;

    public int TakeSlot() => _slots.Pop();

    public void ReturnSlot(int slot) => _slots.Push(slot);

    /// <summary>
    /// Takes a slot for a state that is kept, where none is free the one that was used longest ago; null if there is none.
    /// </summary>
    public int? TakeKeptSlot() => _keptSlots.TryPop(out int slot) ? slot : Prefixes?.DropOldestState();

    public void ReturnKeptSlot(int slot) => _keptSlots.Push(slot);
}
