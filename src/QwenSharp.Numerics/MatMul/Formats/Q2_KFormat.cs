using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>Q2_K: scales and minima[16], pairs of bits[64], d, dmin.</summary>
internal readonly unsafe struct Q2_KFormat : ISuperBlockFormat
{
    public static int BlockBytes => 84;

    public static bool HasDot => false;

    public static int Groups => 16;

    public static int QuadsPerRun => 4;

    public static bool HasMinimum => true;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack<TLanes, V>(byte* block, nint stride, V* codes, V* scales, V* offsets, out V d, out V minimum)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        V halves = TLanes.Gather(block + 80, stride);
        d = LaneMath<TLanes, V>.LowHalf(halves);
        minimum = LaneMath<TLanes, V>.Negate(LaneMath<TLanes, V>.HighHalf(halves));
        TLanes.Transpose(block, stride, out V s0, out V s1, out V s2, out V s3);
        Scales<TLanes, V>(s0, scales, offsets);
        Scales<TLanes, V>(s1, scales + 8, offsets + 4);
        Scales<TLanes, V>(s2, scales + 16, offsets + 8);
        Scales<TLanes, V>(s3, scales + 24, offsets + 12);

        V mask = TLanes.Broadcast(0x03030303);
        for (int unit = 0; unit < 4; unit++)
        {
            TLanes.Transpose(block + 16 + 16 * unit, stride, out V q0, out V q1, out V q2, out V q3);
            V* to = codes + 2 * (unit / 2 * 32 + unit % 2 * 4);
            for (int run = 0; run < 4; run++, to += 16)
            {
                to[0] = TLanes.And(q0, mask);
                to[2] = TLanes.And(q1, mask);
                to[4] = TLanes.And(q2, mask);
                to[6] = TLanes.And(q3, mask);
                (q0, q1, q2, q3) = (TLanes.ShiftRight(q0, 2), TLanes.ShiftRight(q1, 2), TLanes.ShiftRight(q2, 2), TLanes.ShiftRight(q3, 2));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scales<TLanes, V>(V bytes, V* scales, V* offsets)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        V nibble = TLanes.Broadcast(0x0f0f0f0f), low = TLanes.And(bytes, nibble), high = TLanes.And(TLanes.ShiftRight(bytes, 4), nibble);
        scales[0] = TLanes.UnsignedPair(low, 0);
        scales[2] = TLanes.UnsignedPair(low, 1);
        scales[4] = TLanes.UnsignedPair(low, 2);
        scales[6] = TLanes.UnsignedPair(low, 3);
        offsets[0] = LaneMath<TLanes, V>.EvenBytes(high);
        offsets[2] = LaneMath<TLanes, V>.OddBytes(high);
    }

    public static V Dot<TLanes, V>(byte* block, nint stride, byte* x, byte* next, out V d, out V minimum, out V minima)
        where TLanes : struct, ILanes<V>
        where V : unmanaged => throw new InvalidOperationException("This type has no product for single tokens.");
}
