using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>Q4_0: d, nibbles[16], stored plus 8.</summary>
internal readonly unsafe struct Q4_0Format : IBlockFormat
{
    public static int Bytes => 18;

    public static int QuadsPerRun => 8;

    public static int OffsetBits => 3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack<TLanes, V>(byte* block, nint stride, V* codes, out V d, out V minimum)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        d = LaneMath<TLanes, V>.LowHalf(TLanes.Gather(block, stride));
        minimum = default;
        Nibbles<TLanes, V>(block + 2, stride, codes);
    }

    /// <summary>16 bytes: the low nibbles are columns 0…15, the high ones 16…31.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Nibbles<TLanes, V>(byte* from, nint stride, V* codes)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        V nibble = TLanes.Broadcast(0x0f0f0f0f);
        TLanes.Transpose(from, stride, out V q0, out V q1, out V q2, out V q3);
        codes[0] = TLanes.And(q0, nibble);
        codes[2] = TLanes.And(q1, nibble);
        codes[4] = TLanes.And(q2, nibble);
        codes[6] = TLanes.And(q3, nibble);
        codes[8] = TLanes.And(TLanes.ShiftRight(q0, 4), nibble);
        codes[10] = TLanes.And(TLanes.ShiftRight(q1, 4), nibble);
        codes[12] = TLanes.And(TLanes.ShiftRight(q2, 4), nibble);
        codes[14] = TLanes.And(TLanes.ShiftRight(q3, 4), nibble);
    }
}

/// <summary>Q4_1: d, m, nibbles[16].</summary>
internal readonly unsafe struct Q4_1Format : IBlockFormat
{
    public static int Bytes => 20;

    public static int QuadsPerRun => 8;

    public static int OffsetBits => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack<TLanes, V>(byte* block, nint stride, V* codes, out V d, out V minimum)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        V halves = TLanes.Gather(block, stride);
        d = LaneMath<TLanes, V>.LowHalf(halves);
        minimum = LaneMath<TLanes, V>.HighHalf(halves);
        Q4_0Format.Nibbles<TLanes, V>(block + 4, stride, codes);
    }
}

/// <summary>Q5_0: d, fifth bits[4], nibbles[16], stored plus 16.</summary>
internal readonly unsafe struct Q5_0Format : IBlockFormat
{
    public static int Bytes => 22;

    public static int QuadsPerRun => 4;

    public static int OffsetBits => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack<TLanes, V>(byte* block, nint stride, V* codes, out V d, out V minimum)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        d = LaneMath<TLanes, V>.LowHalf(TLanes.Gather(block, stride));
        minimum = default;
        Q4_0Format.Nibbles<TLanes, V>(block + 6, stride, codes);
        FifthBits<TLanes, V>(TLanes.Gather(block + 2, stride), codes);
    }

    /// <summary>Adds bit i of a lane as the fifth bit of column i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FifthBits<TLanes, V>(V bits, V* codes)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        // Multiplying four bits with 1 + 2⁷ + 2¹⁴ + 2²¹ puts one of them at the bottom of each byte.
        V four = TLanes.Broadcast(15), spread = TLanes.Broadcast(0x00204081), bottom = TLanes.Broadcast(0x01010101);
        for (int quad = 0; quad < 8; quad++)
        {
            V fifth = TLanes.And(TLanes.Multiply(TLanes.And(bits, four), spread), bottom);
            codes[2 * quad] = TLanes.Or(codes[2 * quad], TLanes.ShiftLeft(fifth, 4));
            bits = TLanes.ShiftRight(bits, 4);
        }
    }
}

/// <summary>Q5_1: d, m, fifth bits[4], nibbles[16].</summary>
internal readonly unsafe struct Q5_1Format : IBlockFormat
{
    public static int Bytes => 24;

    public static int QuadsPerRun => 4;

    public static int OffsetBits => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack<TLanes, V>(byte* block, nint stride, V* codes, out V d, out V minimum)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        V halves = TLanes.Gather(block, stride);
        d = LaneMath<TLanes, V>.LowHalf(halves);
        minimum = LaneMath<TLanes, V>.HighHalf(halves);
        Q4_0Format.Nibbles<TLanes, V>(block + 8, stride, codes);
        Q5_0Format.FifthBits<TLanes, V>(TLanes.Gather(block + 4, stride), codes);
    }
}
