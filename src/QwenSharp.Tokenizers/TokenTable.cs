using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace QwenSharp.Tokenizers;

/// <summary>
/// The bytes of every token, and the way back from bytes to a token: one hash table with open addressing, in which a token of up to
/// eight bytes, as most are, is found without leaving its slot.
/// </summary>
internal sealed class TokenTable
{
    private readonly byte[] _bytes;

    /// <summary>Token <c>id</c> is <c>_bytes[_starts[id].._starts[id + 1]]</c>.</summary>
    private readonly int[] _starts;

    private readonly bool[] _isFindable;
    private readonly Slot[] _slots;
    private readonly int _shift;

    /// <param name="bytes">All tokens, one after the other.</param>
    /// <param name="starts">Where each starts, and one entry more for where the last ends.</param>
    /// <param name="isFindable">Which tokens can be found by their bytes.</param>
    /// <exception cref="TokenizerFormatException">Two findable tokens have the same bytes.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // Runs once, before anything could be tiered up.
    public TokenTable(byte[] bytes, int[] starts, bool[] isFindable)
    {
        _isFindable = isFindable;
        _bytes = bytes;
        _starts = starts;
        int bits = BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)Math.Max(8, Count + Count / 2)));
        _slots = new Slot[1 << bits];
        _shift = 64 - bits;
        for (int id = 0; id < Count; id++)
        {
            if (isFindable[id])
                Insert(id);
        }
    }

    public int Count => _starts.Length - 1;

    public ReadOnlySpan<byte> this[int id] => _bytes.AsSpan(_starts[id], _starts[id + 1] - _starts[id]);

    /// <summary>The token with these bytes, or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Find(ReadOnlySpan<byte> bytes)
    {
        ulong head = Head(bytes);
        Slot[] slots = _slots;
        for (int at = Hash(head, bytes); ; at = at + 1 & slots.Length - 1)
        {
            ref readonly Slot slot = ref slots[at];
            if (slot.Length == 0)
                return -1;

            if (slot.Head == head && slot.Length == bytes.Length && (bytes.Length <= 8 || this[slot.Id].SequenceEqual(bytes)))
                return slot.Id;
        }
    }

    /// <summary>Whether <see cref="Find"/> of these bytes would give this token.</summary>
    public bool IsFoundBy(int id, ReadOnlySpan<byte> bytes) => (uint)id < (uint)Count && _isFindable[id] && this[id].SequenceEqual(bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Insert(int id)
    {
        ReadOnlySpan<byte> bytes = this[id];
        ulong head = Head(bytes);
        int at = Hash(head, bytes);
        for (; _slots[at].Length != 0; at = at + 1 & _slots.Length - 1)
        {
            if (_slots[at].Head == head && this[_slots[at].Id].SequenceEqual(bytes))
            {
                throw new TokenizerFormatException(
                    $"Tokens {_slots[at].Id} and {id} are the same bytes, {Convert.ToHexString(bytes)}; each must be there once.");
            }
        }

        _slots[at] = new Slot(head, id, bytes.Length);
    }

    /// <summary>The first eight bytes as a little-endian number, zeros where there are fewer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Head(ReadOnlySpan<byte> bytes)
    {
        int length = bytes.Length;
        if (length >= 8)
            return BinaryPrimitives.ReadUInt64LittleEndian(bytes);

        if (length >= 4) // Two overlapping halves.
        {
            return BinaryPrimitives.ReadUInt32LittleEndian(bytes)
                | (ulong)BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]) << (length - 4) * 8;
        }

        return length switch
        {
            3 => bytes[0] | (ulong)bytes[1] << 8 | (ulong)bytes[2] << 16,
            2 => bytes[0] | (ulong)bytes[1] << 8,
            1 => bytes[0],
            _ => 0,
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Hash(ulong head, ReadOnlySpan<byte> bytes)
    {
        const ulong Golden = 0x9E3779B97F4A7C15;
        ulong hash = (head ^ (ulong)bytes.Length) * Golden;
        for (int i = 8; i < bytes.Length; i += 8)
            hash = (BitOperations.RotateLeft(hash, 29) ^ Head(bytes[i..])) * Golden;

        return (int)((hash ^ hash >> 32) * Golden >> _shift);
    }

    private readonly record struct Slot(ulong Head, int Id, int Length);
}
