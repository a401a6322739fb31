namespace QwenSharp.Engine;

/// <summary>
/// The blocks of the KV cache by number. A block may have several holders, which then only read it; it is free again when the last one
/// gives it back.
/// </summary>
internal sealed class BlockPool
{
    private readonly int[] _free;
    private readonly int[] _holders;

    public BlockPool(int blocks)
    {
        _holders = new int[blocks];
        _free = new int[blocks];
        for (int i = 0; i < blocks; i++)
            _free[i] = blocks - 1 - i;

        Free = blocks;
    }

    /// <summary>How many blocks there are.</summary>
    public int Total => _free.Length;

    /// <summary>How many blocks nobody holds.</summary>
    public int Free { get; private set; }

    /// <summary>Takes a block; there must be a free one.</summary>
    public int Take()
    {
        int block = _free[--Free];
        _holders[block] = 1;
        return block;
    }

    /// <summary>Becomes one more holder of a block that somebody holds.</summary>
    public void Share(int block)
    {
        if (_holders[block] == 0)
            throw new InvalidOperationException($"Nobody holds block {block}.");

        _holders[block]++;
    }

    /// <summary>Whether a block has other holders than the one who asks.</summary>
    public bool IsShared(int block) => _holders[block] > 1;

    /// <summary>Gives a block back.</summary>
    public void Return(int block)
    {
        if (_holders[block] == 0)
            throw new InvalidOperationException($"Nobody holds block {block}.");
        if (--_holders[block] == 0)
            _free[Free++] = block;
    }
}
