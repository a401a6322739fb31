using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>Q5_K: d, dmin, scales[12], fifth bits[32], nibbles[128].</summary>
internal readonly unsafe struct Q5_KFormat : ISuperBlockFormat
{
    public static int BlockBytes => 176;

    public static bool HasDot => true;

    public static int Groups => 8;

    public static int QuadsPerRun => 4;

    public static bool HasMinimum => true;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack<TLanes, V>(byte* block, nint stride, V* codes, V* scales, V* offsets, out V d, out V minimum)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        Q4_KFormat.Header<TLanes, V>(block, stride, scales, offsets, out d, out minimum);
        V nibble = TLanes.Broadcast(0x0f0f0f0f), fifth = TLanes.Broadcast(0x10101010);
        for (int half = 0; half < 2; half++)
        {
            TLanes.Transpose(block + 16 + 16 * half, stride, out V h0, out V h1, out V h2, out V h3);
            for (int pair = 0; pair < 4; pair++)
            {
                // Bit 2 · pair of the fifth bits belongs to the low nibbles' group, the next to the high nibbles'.
                TLanes.Transpose(block + 48 + 32 * pair + 16 * half, stride, out V q0, out V q1, out V q2, out V q3);
                V* to = codes + 2 * (16 * pair + 4 * half);
                to[0] = TLanes.Or(TLanes.And(q0, nibble), TLanes.And(TLanes.ShiftLeft(h0, 4), fifth));
                to[2] = TLanes.Or(TLanes.And(q1, nibble), TLanes.And(TLanes.ShiftLeft(h1, 4), fifth));
                to[4] = TLanes.Or(TLanes.And(q2, nibble), TLanes.And(TLanes.ShiftLeft(h2, 4), fifth));
                to[6] = TLanes.Or(TLanes.And(q3, nibble), TLanes.And(TLanes.ShiftLeft(h3, 4), fifth));
                to[16] = TLanes.Or(TLanes.And(TLanes.ShiftRight(q0, 4), nibble), TLanes.And(TLanes.ShiftLeft(h0, 3), fifth));
                to[18] = TLanes.Or(TLanes.And(TLanes.ShiftRight(q1, 4), nibble), TLanes.And(TLanes.ShiftLeft(h1, 3), fifth));
                to[20] = TLanes.Or(TLanes.And(TLanes.ShiftRight(q2, 4), nibble), TLanes.And(TLanes.ShiftLeft(h2, 3), fifth));
                to[22] = TLanes.Or(TLanes.And(TLanes.ShiftRight(q3, 4), nibble), TLanes.And(TLanes.ShiftLeft(h3, 3), fifth));
                (h0, h1, h2, h3) = (TLanes.ShiftRight(h0, 2), TLanes.ShiftRight(h1, 2), TLanes.ShiftRight(h2, 2), TLanes.ShiftRight(h3, 2));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static V Dot<TLanes, V>(byte* block, nint stride, byte* x, byte* next, out V d, out V minimum, out V minima)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        Q4_KFormat.Header<TLanes, V>(
            block,
            stride,
            out d,
            out minimum,
            out V lowScales,
            out V highScales,
            out V lowMinima,
            out V highMinima);
        minima = Q4_KFormat.Minima<TLanes, V>(lowMinima, highMinima, x);
        V products = default;
        for (int half = 0; half < 2; half++, x += 16)
        {
            // Half of each group: 4 quads, whose products fit 16 bits.
            TLanes.Transpose(block + 16 + 16 * half, stride, out V h0, out V h1, out V h2, out V h3);
            V scales = lowScales;
            for (int pair = 0; pair < 4; pair++)
            {
                TLanes.Transpose(block + 48 + 32 * pair + 16 * half, stride, out V q0, out V q1, out V q2, out V q3);
                Prefetch.Lines(next, (TLanes.Count * BlockBytes / 8 + 63) / 64);
                next += TLanes.Count * BlockBytes / 8;
                byte* y = x + 64 * pair;
                V low = TLanes.Add16(
                    TLanes.Add16(Low<TLanes, V>(q0, h0, y), Low<TLanes, V>(q1, h1, y + 4)),
                    TLanes.Add16(Low<TLanes, V>(q2, h2, y + 8), Low<TLanes, V>(q3, h3, y + 12)));
                V high = TLanes.Add16(
                    TLanes.Add16(High<TLanes, V>(q0, h0, y + 32), High<TLanes, V>(q1, h1, y + 36)),
                    TLanes.Add16(High<TLanes, V>(q2, h2, y + 40), High<TLanes, V>(q3, h3, y + 44)));
                products = TLanes.Add(products, TLanes.MultiplyAdd16(low, TLanes.UnsignedPair(scales, 0)));
                products = TLanes.Add(products, TLanes.MultiplyAdd16(high, TLanes.UnsignedPair(scales, 1)));
                scales = pair == 1 ? highScales : TLanes.ShiftRight(scales, 16);
                (h0, h1, h2, h3) = (TLanes.ShiftRight(h0, 2), TLanes.ShiftRight(h1, 2), TLanes.ShiftRight(h2, 2), TLanes.ShiftRight(h3, 2));
            }
        }

        return products;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Low<TLanes, V>(V nibbles, V fifth, byte* x)
        where TLanes : struct, ILanes<V>
        where V : unmanaged =>
        TLanes.MultiplyAddBytes(
            TLanes.Or(
                TLanes.And(nibbles, TLanes.Broadcast(0x0f0f0f0f)),
                TLanes.And(TLanes.ShiftLeft(fifth, 4), TLanes.Broadcast(0x10101010))),
            TLanes.Broadcast(x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V High<TLanes, V>(V nibbles, V fifth, byte* x)
        where TLanes : struct, ILanes<V>
        where V : unmanaged =>
        TLanes.MultiplyAddBytes(
            TLanes.Or(
                TLanes.And(TLanes.ShiftRight(nibbles, 4), TLanes.Broadcast(0x0f0f0f0f)),
                TLanes.And(TLanes.ShiftLeft(fifth, 3), TLanes.Broadcast(0x10101010))),
            TLanes.Broadcast(x));
}
