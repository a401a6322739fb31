using QwenSharp.Numerics;

namespace QwenSharp.Engine;

/// <summary>The memory of a sequence at one position, for others to go on from; it holds the blocks until it is disposed.</summary>
internal sealed class MemorySnapshot(MemoryPool pool, int[] blocks, int length, RecurrentSnapshot? state, PrefixNode? tail = null)
    : IDisposable
{
    /// <summary>The blocks, the last of which need not be full.</summary>
    public int[] Blocks => blocks;

    /// <summary>Positions that it holds.</summary>
    public int Length => length;

    /// <summary>The recurrent state behind them, where the model has such.</summary>
    public RecurrentSnapshot? State => state;

    /// <summary>The last of the blocks that is in the tree of prefixes, with all before it; null where there is no such tree.</summary>
    public PrefixNode? Tail => tail;

    /// <summary>Free blocks that a sequence takes which goes on from here up to a position.</summary>
    public int Missing(int positions) =>
        MemoryPool.BlocksFor(positions) - blocks.Length + (length % KvStore.BlockTokens == 0 ? 0 : 1);

    /// <inheritdoc/>
    public void Dispose()
    {
        // From the end, as what a block stands on is to be forgotten after it.
        for (int i = blocks.Length - 1; i >= 0; i--)
            pool.Blocks.Return(blocks[i]);
    }
}
