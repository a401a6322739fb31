using QwenSharp.Numerics;

namespace QwenSharp.Engine;

/// <summary>What the sequences of one runner keep their keys, values and states in: blocks, and slots of recurrent states.</summary>
internal sealed class MemoryPool
{
    private readonly Stack<int> _slots;

    /// <summary>All of it is free.</summary>
    public MemoryPool(ModelRunner runner)
    {
        Runner = runner;
        Blocks = new BlockPool(runner.Blocks);
        _slots = new Stack<int>(Enumerable.Range(0, runner.Sequences).Reverse());
    }

    public ModelRunner Runner { get; }

    public BlockPool Blocks { get; }

    public static int BlocksFor(int positions) => (positions + KvStore.BlockTokens - 1) / KvStore.BlockTokens;

    public int TakeSlot() => _slots.Pop();

    public void ReturnSlot(int slot) => _slots.Push(slot);
}
