namespace QwenSharp.Tokenizers;

/// <summary>A binary heap of (rank, place): the lowest rank comes out first, and of equals the leftmost place.</summary>
internal ref struct PairHeap(int capacity)
{
    private PooledList<ulong> _keys = new(capacity);

    public void Push(int rank, int place)
    {
        ulong key = (ulong)(uint)rank << 32 | (uint)place;
        _keys.Add(key);
        Span<ulong> keys = _keys.Items;
        int at = keys.Length - 1;
        while (at > 0)
        {
            int parent = (at - 1) / 2;
            if (keys[parent] <= key)
                break;

            keys[at] = keys[parent];
            at = parent;
        }

        keys[at] = key;
    }

    public bool TryPop(out int rank, out int place)
    {
        Span<ulong> keys = _keys.Items;
        if (keys.IsEmpty)
        {
            rank = place = 0;
            return false;
        }

        rank = (int)(keys[0] >> 32);
        place = (int)(uint)keys[0];
        ulong last = keys[^1];
        keys = keys[..^1];
        _keys.Truncate(keys.Length);
        int at = 0;
        for (int child; (child = 2 * at + 1) < keys.Length; at = child)
        {
            if (child + 1 < keys.Length && keys[child + 1] < keys[child])
                child++;
            if (last <= keys[child])
                break;

            keys[at] = keys[child];
        }

        if (!keys.IsEmpty)
            keys[at] = last;
        return true;
    }

    public readonly void Dispose() => _keys.Dispose();
}
