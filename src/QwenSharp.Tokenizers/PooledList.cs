using System.Buffers;
using System.Runtime.CompilerServices;

namespace QwenSharp.Tokenizers;

/// <summary>A growing list in a rented array: scratch space for one call that leaves no garbage behind.</summary>
internal ref struct PooledList<T>(int capacity)
    where T : unmanaged
{
    private T[] _items = ArrayPool<T>.Shared.Rent(Math.Max(capacity, 16));

    public int Count { get; private set; }

    public readonly Span<T> Items => _items.AsSpan(0, Count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(T item)
    {
        if (Count == _items.Length)
            Grow(1);
        _items[Count++] = item;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddRange(scoped ReadOnlySpan<T> items) => items.CopyTo(Extend(items.Length));

    /// <summary>Adds <paramref name="length"/> items of unknown content and returns them to be filled.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<T> Extend(int length)
    {
        if (_items.Length - Count < length)
            Grow(length);
        Span<T> added = _items.AsSpan(Count, length);
        Count += length;
        return added;
    }

    public void Truncate(int count) => Count = count;

    public readonly void Dispose() => ArrayPool<T>.Shared.Return(_items);

    private void Grow(int extra)
    {
        T[] larger = ArrayPool<T>.Shared.Rent((int)Math.Min(Array.MaxLength, Math.Max(_items.Length * 2L, (long)Count + extra)));
        Items.CopyTo(larger);
        ArrayPool<T>.Shared.Return(_items);
        _items = larger;
    }
}
