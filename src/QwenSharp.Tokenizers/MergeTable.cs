using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;

namespace QwenSharp.Tokenizers;

/// <summary>Which two tokens merge, in which order of preference, and into what: a hash table with open addressing.</summary>
internal sealed class MergeTable
{
    /// <summary>What <see cref="Find"/> gives for two tokens that do not merge; it compares after every merge.</summary>
    public const ulong None = ulong.MaxValue;

    private readonly Slot[] _slots;
    private readonly int _shift;

    /// <exception cref="TokenizerFormatException">A merge is not two tokens that together make a third, or is there twice.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // Runs once, before anything could be tiered up.
    public MergeTable(Utf8Strings merges, TokenTable tokens)
    {
        int bits = BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)Math.Max(8, merges.Count + merges.Count / 2)));
        _slots = new Slot[1 << bits];
        Array.Fill(_slots, new Slot(None, None));
        _shift = 64 - bits;

        Span<byte> buffer = stackalloc byte[512];
        int merged = -1;
        for (int rank = 0; rank < merges.Count; rank++)
        {
            ReadOnlySpan<byte> merge = merges[rank];
            int space = merge.IndexOf((byte)' ');
            if (space < 0)
            {
                throw new TokenizerFormatException(
                    $"Merge {rank}, \"{Encoding.UTF8.GetString(merge)}\", is not two tokens with a space between.");
            }

            if (merge.Length > buffer.Length)
                buffer = new byte[merge.Length];
            int leftLength = ByteSpelling.Decode(merge[..space], buffer);
            int rightLength = leftLength < 0 ? -1 : ByteSpelling.Decode(merge[(space + 1)..], buffer[leftLength..]);
            int left = rightLength <= 0 ? -1 : tokens.Find(buffer[..leftLength]);
            int right = left < 0 ? -1 : tokens.Find(buffer.Slice(leftLength, rightLength));
            // Published vocabularies list the tokens in the order of their merges, so the next one is worth a look before the table.
            ReadOnlySpan<byte> together = right < 0 ? [] : buffer[..(leftLength + rightLength)];
            merged = tokens.IsFoundBy(merged + 1, together) ? merged + 1 : tokens.Find(together);
            if (merged < 0)
            {
                throw new TokenizerFormatException(
                    $"Merge {rank}, \"{Encoding.UTF8.GetString(merge)}\", names a token that the vocabulary lacks; all three of its "
                        + "tokens must be there."
                );
            }

            Insert((ulong)(uint)left << 32 | (uint)right, (ulong)(uint)rank << 32 | (uint)merged);
        }
    }

    /// <summary>Rank in the upper half and the merged token in the lower, or <see cref="None"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Find(int left, int right)
    {
        ulong pair = (ulong)(uint)left << 32 | (uint)right;
        Slot[] slots = _slots;
        for (int at = Hash(pair); ; at = at + 1 & slots.Length - 1)
        {
            ref readonly Slot slot = ref slots[at];
            if (slot.Pair == pair || slot.Pair == None)
                return slot.Merge;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Insert(ulong pair, ulong merge)
    {
        int at = Hash(pair);
        for (; _slots[at].Pair != None; at = at + 1 & _slots.Length - 1)
        {
            if (_slots[at].Pair == pair)
            {
                throw new TokenizerFormatException(
                    $"Merges {_slots[at].Merge >> 32} and {merge >> 32} are the same; which one counts would be a guess.");
            }
        }

        _slots[at] = new Slot(pair, merge);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Hash(ulong pair)
    {
        ulong hash = pair * 0x9E3779B97F4A7C15;
        return (int)((hash ^ hash >> 32) * 0x9E3779B97F4A7C15 >> _shift);
    }

    private readonly record struct Slot(ulong Pair, ulong Merge);
}
