namespace QwenSharp.Engine;

/// <summary>
/// The blocks of the KV cache by number. A block may have several holders, which then only read it; it is free when the last one gives it
/// back. What a block holds may be kept behind its holders, until the block is needed for something else: the one first that was given
/// back longest ago.
/// </summary>
internal sealed class BlockPool
{
    private const int None = -1;

    private readonly int[] _unused;
    private readonly int[] _holders;
    private readonly bool[] _kept;

    // The free blocks that are kept, oldest first: a list through these arrays, so that giving back and taking allocate nothing.
    private readonly int[] _previous;
    private readonly int[] _next;
    private int _oldest = None;
    private int _newest = None;
    private int _count;

    public BlockPool(int blocks)
    {
        (_holders, _kept, _previous, _next) = (new int[blocks], new bool[blocks], new int[blocks], new int[blocks]);
        _unused = new int[blocks];
        for (int i = 0; i < blocks; i++)
            _unused[i] = blocks - 1 - i;

        Free = _count = blocks;
    }

    /// <summary>How many blocks there are.</summary>
    public int Total => _unused.Length;

    /// <summary>How many blocks nobody holds.</summary>
    public int Free { get; private set; }

    /// <summary>How many of the free blocks hold something that is kept.</summary>
    public int Idle => Free - _count;

    /// <summary>The kept block that is to make room where <see cref="Take"/> finds none; −1 where none is kept.</summary>
    public int Oldest => _count > 0 ? None : _oldest;

    /// <summary>The free blocks that hold something that is kept, the one first that was given back last.</summary>
    public IEnumerable<int> NewestFirst()
    {
        for (int block = _newest; block != None; block = _previous[block])
            yield return block;
    }

    /// <summary>Takes a block in which nothing is kept; there must be one.</summary>
    public int Take()
    {
        int block = _unused[--_count];
        Free--;
        _holders[block] = 1;
        return block;
    }

    /// <summary>Becomes a holder of a block that somebody holds, or whose content is kept.</summary>
    public void Share(int block)
    {
        if (_holders[block]++ > 0)
            return;

        if (!_kept[block])
        {
            _holders[block] = 0;
            throw new InvalidOperationException($"Nobody holds block {block}.");
        }

        Free--;
        Unlink(block);
    }

    /// <summary>Whether anybody holds a block.</summary>
    public bool IsHeld(int block) => _holders[block] > 0;

    /// <summary>Whether the one who asks, a holder, may not write to a block, as others read it or what it holds is kept.</summary>
    public bool IsShared(int block) => _holders[block] > 1 || _kept[block];

    /// <summary>Gives a block back.</summary>
    public void Return(int block)
    {
        if (_holders[block] == 0)
            throw new InvalidOperationException($"Nobody holds block {block}.");
        if (--_holders[block] > 0)
            return;

        Free++;
        if (_kept[block])
            Link(block);
        else
            _unused[_count++] = block;
    }

    /// <summary>Keeps what a block holds behind its holders, of which there must be one.</summary>
    public void Keep(int block) => _kept[block] = true;

    /// <summary>No longer keeps what a block holds.</summary>
    public void Drop(int block)
    {
        if (!_kept[block])
            throw new InvalidOperationException($"Block {block} is not kept.");

        _kept[block] = false;
        if (_holders[block] > 0)
            return;

        Unlink(block);
        _unused[_count++] = block;
    }

    private void Link(int block)
    {
        (_previous[block], _next[block]) = (_newest, None);
        if (_newest == None)
            _oldest = block;
        else
            _next[_newest] = block;

        _newest = block;
    }

    private void Unlink(int block)
    {
        (int previous, int next) = (_previous[block], _next[block]);
        if (previous == None)
            _oldest = next;
        else
            _next[previous] = next;

        if (next == None)
            _newest = previous;
        else
            _previous[next] = previous;
    }
}
