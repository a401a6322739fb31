using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>Q4_K: d, dmin, scales[12], nibbles[128].</summary>
internal readonly unsafe struct Q4_KFormat : ISuperBlockFormat
{
    public static int BlockBytes => 144;

    public static bool HasDot => true;

    public static int Groups => 8;

    public static int QuadsPerRun => 8;

    public static bool HasMinimum => true;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack<TLanes, V>(byte* block, nint stride, V* codes, V* scales, V* offsets, out V d, out V minimum)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        Header<TLanes, V>(block, stride, scales, offsets, out d, out minimum);
        V nibble = TLanes.Broadcast(0x0f0f0f0f);
        for (int unit = 0; unit < 8; unit++)
        {
            // 16 bytes: columns 16(unit % 2) … of group 2(unit / 2) in the low nibbles, of the next group in the high ones.
            TLanes.Transpose(block + 16 + 16 * unit, stride, out V q0, out V q1, out V q2, out V q3);
            V* to = codes + 2 * (unit / 2 * 16 + unit % 2 * 4);
            to[0] = TLanes.And(q0, nibble);
            to[2] = TLanes.And(q1, nibble);
            to[4] = TLanes.And(q2, nibble);
            to[6] = TLanes.And(q3, nibble);
            to[16] = TLanes.And(TLanes.ShiftRight(q0, 4), nibble);
            to[18] = TLanes.And(TLanes.ShiftRight(q1, 4), nibble);
            to[20] = TLanes.And(TLanes.ShiftRight(q2, 4), nibble);
            to[22] = TLanes.And(TLanes.ShiftRight(q3, 4), nibble);
        }
    }

    /// <summary>d, dmin and the 6-bit scales and minima, which Q5_K shares.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Header<TLanes, V>(byte* block, nint stride, V* scales, V* offsets, out V d, out V minimum)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        Header<TLanes, V>(block, stride, out d, out minimum, out V lowScales, out V highScales, out V lowMinima, out V highMinima);
        scales[0] = TLanes.UnsignedPair(lowScales, 0);
        scales[2] = TLanes.UnsignedPair(lowScales, 1);
        scales[4] = TLanes.UnsignedPair(lowScales, 2);
        scales[6] = TLanes.UnsignedPair(lowScales, 3);
        scales[8] = TLanes.UnsignedPair(highScales, 0);
        scales[10] = TLanes.UnsignedPair(highScales, 1);
        scales[12] = TLanes.UnsignedPair(highScales, 2);
        scales[14] = TLanes.UnsignedPair(highScales, 3);
        offsets[0] = LaneMath<TLanes, V>.EvenBytes(lowMinima);
        offsets[2] = LaneMath<TLanes, V>.OddBytes(lowMinima);
        offsets[4] = LaneMath<TLanes, V>.EvenBytes(highMinima);
        offsets[6] = LaneMath<TLanes, V>.OddBytes(highMinima);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Dot<TLanes, V>(byte* block, nint stride, byte* x, byte* next, out V d, out V minimum, out V minima)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        // A super-block of four rows fills nine cache lines: one is asked for here, and one before each of the eight units of codes.
        int linesAtATime = TLanes.Count / 4;
        Prefetch.Lines(next, linesAtATime);
        next += linesAtATime * 64;
        Header<TLanes, V>(block, stride, out d, out minimum, out V lowScales, out V highScales, out V lowMinima, out V highMinima);
        minima = Minima<TLanes, V>(lowMinima, highMinima, x);
        V products = default, scales = lowScales, nibble = TLanes.Broadcast(0x0f0f0f0f);
        byte* nibbles = block + 16;
        for (int pair = 0; pair < 4; pair++, nibbles += 32, x += 64)
        {
            // 32 bytes of nibbles: two groups, whose products fit 16 bits.
            V low = default, high = default;
            for (int part = 0; part < 32; part += 16, next += linesAtATime * 64)
            {
                Prefetch.Lines(next, linesAtATime);
                TLanes.Transpose(nibbles + part, stride, out V q0, out V q1, out V q2, out V q3);
                byte* y = x + part;
                low = TLanes.Add16(low, TLanes.MultiplyAddBytes(TLanes.And(q0, nibble), TLanes.Broadcast(y)));
                low = TLanes.Add16(low, TLanes.MultiplyAddBytes(TLanes.And(q1, nibble), TLanes.Broadcast(y + 4)));
                low = TLanes.Add16(low, TLanes.MultiplyAddBytes(TLanes.And(q2, nibble), TLanes.Broadcast(y + 8)));
                low = TLanes.Add16(low, TLanes.MultiplyAddBytes(TLanes.And(q3, nibble), TLanes.Broadcast(y + 12)));
                high = TLanes.Add16(high, TLanes.MultiplyAddBytes(TLanes.And(TLanes.ShiftRight(q0, 4), nibble), TLanes.Broadcast(y + 32)));
                high = TLanes.Add16(high, TLanes.MultiplyAddBytes(TLanes.And(TLanes.ShiftRight(q1, 4), nibble), TLanes.Broadcast(y + 36)));
                high = TLanes.Add16(high, TLanes.MultiplyAddBytes(TLanes.And(TLanes.ShiftRight(q2, 4), nibble), TLanes.Broadcast(y + 40)));
                high = TLanes.Add16(high, TLanes.MultiplyAddBytes(TLanes.And(TLanes.ShiftRight(q3, 4), nibble), TLanes.Broadcast(y + 44)));
            }

            products = TLanes.Add(products, TLanes.MultiplyAdd16(low, TLanes.UnsignedPair(scales, 0)));
            products = TLanes.Add(products, TLanes.MultiplyAdd16(high, TLanes.UnsignedPair(scales, 1)));
            scales = pair == 1 ? highScales : TLanes.ShiftRight(scales, 16);
        }

        return products;
    }

    /// <summary>Σ minimum · (sum of the activations of a group).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Minima<TLanes, V>(V lowMinima, V highMinima, byte* x)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        byte* sums = x + PackedActivations.Sums32;
        V a = TLanes.MultiplyAdd16(TLanes.Broadcast(sums), LaneMath<TLanes, V>.EvenBytes(lowMinima));
        V b = TLanes.MultiplyAdd16(TLanes.Broadcast(sums + 4), LaneMath<TLanes, V>.OddBytes(lowMinima));
        V c = TLanes.MultiplyAdd16(TLanes.Broadcast(sums + 8), LaneMath<TLanes, V>.EvenBytes(highMinima));
        V d = TLanes.MultiplyAdd16(TLanes.Broadcast(sums + 12), LaneMath<TLanes, V>.OddBytes(highMinima));
        return TLanes.Add(TLanes.Add(a, b), TLanes.Add(c, d));
    }

    /// <summary>d, dmin (negated), and the 6-bit scales and minima, four groups a lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Header<TLanes, V>(
        byte* block, nint stride, out V d, out V minimum, out V lowScales, out V highScales, out V lowMinima, out V highMinima)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        TLanes.Transpose(block, stride, out V halves, out V u0, out V u1, out V u2);
        d = LaneMath<TLanes, V>.LowHalf(halves);
        minimum = LaneMath<TLanes, V>.Negate(LaneMath<TLanes, V>.HighHalf(halves));
        V six = TLanes.Broadcast(0x3f3f3f3f), nibble = TLanes.Broadcast(0x0f0f0f0f), top = TLanes.Broadcast(0x30303030);
        (lowScales, lowMinima) = (TLanes.And(u0, six), TLanes.And(u1, six));
        highScales = TLanes.Or(TLanes.And(u2, nibble), TLanes.And(TLanes.ShiftRight(u0, 2), top));
        highMinima = TLanes.Or(TLanes.And(TLanes.ShiftRight(u2, 4), nibble), TLanes.And(TLanes.ShiftRight(u1, 2), top));
    }
}
