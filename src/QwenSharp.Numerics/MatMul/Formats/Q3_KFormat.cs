using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>Q3_K: third bits[32], pairs of bits[64], 6-bit scales[12] stored plus 32, d; codes are stored plus 4.</summary>
internal readonly unsafe struct Q3_KFormat : ISuperBlockFormat
{
    public static int BlockBytes => 110;

    public static bool HasDot => false;

    public static int Groups => 16;

    public static int QuadsPerRun => 4;

    public static bool HasMinimum => false;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack<TLanes, V>(byte* block, nint stride, V* codes, V* scales, V* offsets, out V d, out V minimum)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        // The last 16 bytes of the block are two bytes of codes, the 12 of scales, and d.
        TLanes.Transpose(block + 94, stride, out V t0, out V t1, out V t2, out V t3);
        d = LaneMath<TLanes, V>.HighHalf(t3);
        minimum = default;
        V u0 = TLanes.Or(TLanes.ShiftRight(t0, 16), TLanes.ShiftLeft(t1, 16));
        V u1 = TLanes.Or(TLanes.ShiftRight(t1, 16), TLanes.ShiftLeft(t2, 16));
        V u2 = TLanes.Or(TLanes.ShiftRight(t2, 16), TLanes.ShiftLeft(t3, 16));
        V nibble = TLanes.Broadcast(0x0f0f0f0f), top = TLanes.Broadcast(0x30303030);
        Scales<TLanes, V>(TLanes.Or(TLanes.And(u0, nibble), TLanes.And(TLanes.ShiftLeft(u2, 4), top)), scales, offsets);
        Scales<TLanes, V>(TLanes.Or(TLanes.And(u1, nibble), TLanes.And(TLanes.ShiftLeft(u2, 2), top)), scales + 8, offsets + 4);
        Scales<TLanes, V>(TLanes.Or(TLanes.And(TLanes.ShiftRight(u0, 4), nibble), TLanes.And(u2, top)), scales + 16, offsets + 8);
        Scales<TLanes, V>(
            TLanes.Or(TLanes.And(TLanes.ShiftRight(u1, 4), nibble), TLanes.And(TLanes.ShiftRight(u2, 2), top)),
            scales + 24,
            offsets + 12);

        V pair = TLanes.Broadcast(0x03030303), third = TLanes.Broadcast(0x04040404);
        for (int part = 0; part < 2; part++)
        {
            TLanes.Transpose(block + 16 * part, stride, out V h0, out V h1, out V h2, out V h3);
            for (int half = 0; half < 2; half++)
            {
                TLanes.Transpose(block + 32 + 32 * half + 16 * part, stride, out V q0, out V q1, out V q2, out V q3);
                V* to = codes + 2 * (32 * half + 4 * part);
                for (int run = 0; run < 4; run++, to += 16)
                {
                    to[0] = TLanes.Or(TLanes.And(q0, pair), TLanes.And(TLanes.ShiftLeft(h0, 2), third));
                    to[2] = TLanes.Or(TLanes.And(q1, pair), TLanes.And(TLanes.ShiftLeft(h1, 2), third));
                    to[4] = TLanes.Or(TLanes.And(q2, pair), TLanes.And(TLanes.ShiftLeft(h2, 2), third));
                    to[6] = TLanes.Or(TLanes.And(q3, pair), TLanes.And(TLanes.ShiftLeft(h3, 2), third));
                    (q0, q1, q2, q3) = (
                        TLanes.ShiftRight(q0, 2),
                        TLanes.ShiftRight(q1, 2),
                        TLanes.ShiftRight(q2, 2),
                        TLanes.ShiftRight(q3, 2));
                    (h0, h1, h2, h3) = (
                        TLanes.ShiftRight(h0, 1),
                        TLanes.ShiftRight(h1, 1),
                        TLanes.ShiftRight(h2, 1),
                        TLanes.ShiftRight(h3, 1));
                }
            }
        }
    }

    // Scales are stored plus 32. In bytes, (s + 128 − 32) ^ 128 is s − 32, and nothing borrows from a neighbour.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scales<TLanes, V>(V stored, V* scales, V* offsets)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        V bias = TLanes.Broadcast(unchecked((int)0x80808080));
        V shifted = TLanes.Subtract(TLanes.Or(stored, bias), TLanes.Broadcast(0x20202020));
        Q6_KFormat.Scales<TLanes, V>(TLanes.Xor(shifted, bias), 2, scales, offsets);
    }

    public static V Dot<TLanes, V>(byte* block, nint stride, byte* x, byte* next, out V d, out V minimum, out V minima)
        where TLanes : struct, ILanes<V>
        where V : unmanaged => throw new InvalidOperationException("This type has no product for single tokens.");
}
