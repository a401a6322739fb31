namespace QwenSharp.Engine;

/// <summary>Hands out things by number: the blocks of the KV cache, the slots of recurrent states.</summary>
internal sealed class BlockAllocator
{
    private readonly int[] _free;

    public BlockAllocator(int blocks)
    {
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
    public int Take() => _free[--Free];

    /// <summary>Gives a block back.</summary>
    public void Return(int block) => _free[Free++] = block;
}
