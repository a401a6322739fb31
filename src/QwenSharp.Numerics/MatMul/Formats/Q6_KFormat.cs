using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>Q6_K: low nibbles[128], high pairs[64], signed scales[16], d; codes are stored plus 32.</summary>
internal readonly unsafe struct Q6_KFormat : ISuperBlockFormat
{
    /// <summary>Bytes of a super-block.</summary>
    public static int BlockBytes => 210;

    public static bool HasDot => true;

    public static int Groups => 16;

    public static int QuadsPerRun => 2;

    public static bool HasMinimum => false;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack<TLanes, V>(byte* block, nint stride, V* codes, V* scales, V* offsets, out V d, out V minimum)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        d = LaneMath<TLanes, V>.HighHalf(TLanes.Gather(block + 206, stride));
        minimum = default;
        TLanes.Transpose(block + 192, stride, out V s0, out V s1, out V s2, out V s3);
        Scales<TLanes, V>(s0, 5, scales, offsets);
        Scales<TLanes, V>(s1, 5, scales + 8, offsets + 4);
        Scales<TLanes, V>(s2, 5, scales + 16, offsets + 8);
        Scales<TLanes, V>(s3, 5, scales + 24, offsets + 12);

        for (int unit = 0; unit < 4; unit++)
        {
            // Half unit / 2 of the super-block, columns 16(unit % 2) … of each of its four runs of 32.
            int half = unit / 2, part = unit % 2;
            byte* low = block + 64 * half + 16 * part;
            V* to = codes + 2 * (32 * half + 4 * part);
            TLanes.Transpose(block + 128 + 32 * half + 16 * part, stride, out V h0, out V h1, out V h2, out V h3);
            TLanes.Transpose(low, stride, out V q0, out V q1, out V q2, out V q3);
            Combine<TLanes, V>(q0, h0, 4, to, 0);
            Combine<TLanes, V>(q1, h1, 4, to, 2);
            Combine<TLanes, V>(q2, h2, 4, to, 4);
            Combine<TLanes, V>(q3, h3, 4, to, 6);
            TLanes.Transpose(low + 32, stride, out q0, out q1, out q2, out q3);
            Combine<TLanes, V>(q0, h0, 2, to, 16);
            Combine<TLanes, V>(q1, h1, 2, to, 18);
            Combine<TLanes, V>(q2, h2, 2, to, 20);
            Combine<TLanes, V>(q3, h3, 2, to, 22);
        }
    }

    /// <summary>Four signed group scales, and −2^<paramref name="offsetBits"/> times them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales<TLanes, V>(V bytes, int offsetBits, V* scales, V* offsets)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        scales[0] = LaneMath<TLanes, V>.SignedPair(bytes, 0);
        scales[2] = LaneMath<TLanes, V>.SignedPair(bytes, 1);
        scales[4] = LaneMath<TLanes, V>.SignedPair(bytes, 2);
        scales[6] = LaneMath<TLanes, V>.SignedPair(bytes, 3);
        V zero = TLanes.Broadcast(0);
        offsets[0] = TLanes.Subtract16(zero, TLanes.ShiftLeft16(LaneMath<TLanes, V>.EvenBytes(bytes), offsetBits));
        offsets[2] = TLanes.Subtract16(zero, TLanes.ShiftLeft16(LaneMath<TLanes, V>.OddBytes(bytes), offsetBits));
    }

    // Low nibbles go with bits up to 2 of the high pairs, high nibbles (64 columns on) with the bits 4 above.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Combine<TLanes, V>(V low, V high, int shift, V* to, int at)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        V nibble = TLanes.Broadcast(0x0f0f0f0f), top = TLanes.Broadcast(0x30303030);
        V upper = shift == 4 ? high : TLanes.ShiftRight(high, 2);
        to[at] = TLanes.Or(TLanes.And(low, nibble), TLanes.And(TLanes.ShiftLeft(high, shift), top));
        to[at + 32] = TLanes.Or(TLanes.And(TLanes.ShiftRight(low, 4), nibble), TLanes.And(upper, top));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static V Dot<TLanes, V>(byte* block, nint stride, byte* x, byte* next, out V d, out V minimum, out V minima)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        d = LaneMath<TLanes, V>.HighHalf(TLanes.Gather(block + 206, stride));
        minimum = minima = default;
        if (TLanes.Count >= RowProducts.Rows)
        {
            V rowSums = default;
            for (int row = 0; row < TLanes.Count; row += RowProducts.Rows)
                RowProducts.Q6_K(block + row * stride, stride, x, next + row * BlockBytes, (int*)&rowSums + row);

            return rowSums;
        }

        Prefetch.Bytes(next, TLanes.Count * BlockBytes);
        TLanes.Transpose(block + 192, stride, out V s0, out V s1, out V s2, out V s3);

        // Σ scale · (sum of activations), of which the codes' offset makes 32.
        byte* sums = x + PackedActivations.Sums16;
        V offset = TLanes.Add(
            TLanes.Add(Offset<TLanes, V>(s0, sums), Offset<TLanes, V>(s1, sums + 8)),
            TLanes.Add(Offset<TLanes, V>(s2, sums + 16), Offset<TLanes, V>(s3, sums + 24)));
        V products = TLanes.Subtract(default, TLanes.ShiftLeft(offset, 5));
        V nibble = TLanes.Broadcast(0x0f0f0f0f), top = TLanes.Broadcast(0x30303030);
        for (int unit = 0; unit < 4; unit++)
        {
            // As in Unpack: 16 columns in each of four runs of 32. Bytes 0 and 2 of s0 and s1 are these runs' scales.
            byte* low = block + unit / 2 * 64 + unit % 2 * 16, y = x + unit / 2 * 128 + unit % 2 * 16;
            TLanes.Transpose(block + 128 + unit * 16, stride, out V h0, out V h1, out V h2, out V h3);
            for (int run = 0; run < 2; run++, low += 32, y += 32)
            {
                TLanes.Transpose(low, stride, out V q0, out V q1, out V q2, out V q3);
                products = TLanes.Add(
                    products,
                    Group<TLanes, V>(
                        TLanes.Or(TLanes.And(q0, nibble), TLanes.And(TLanes.ShiftLeft(h0, 4), top)),
                        TLanes.Or(TLanes.And(q1, nibble), TLanes.And(TLanes.ShiftLeft(h1, 4), top)),
                        TLanes.Or(TLanes.And(q2, nibble), TLanes.And(TLanes.ShiftLeft(h2, 4), top)),
                        TLanes.Or(TLanes.And(q3, nibble), TLanes.And(TLanes.ShiftLeft(h3, 4), top)),
                        y,
                        LaneMath<TLanes, V>.SignedPair(s0, 0)));
                products = TLanes.Add(
                    products,
                    Group<TLanes, V>(
                        TLanes.Or(TLanes.And(TLanes.ShiftRight(q0, 4), nibble), TLanes.And(h0, top)),
                        TLanes.Or(TLanes.And(TLanes.ShiftRight(q1, 4), nibble), TLanes.And(h1, top)),
                        TLanes.Or(TLanes.And(TLanes.ShiftRight(q2, 4), nibble), TLanes.And(h2, top)),
                        TLanes.Or(TLanes.And(TLanes.ShiftRight(q3, 4), nibble), TLanes.And(h3, top)),
                        y + 64,
                        LaneMath<TLanes, V>.SignedPair(s1, 0)));
                (h0, h1, h2, h3) = (TLanes.ShiftRight(h0, 2), TLanes.ShiftRight(h1, 2), TLanes.ShiftRight(h2, 2), TLanes.ShiftRight(h3, 2));
                (s0, s1) = (SwapHalves<TLanes, V>(s0), SwapHalves<TLanes, V>(s1));
            }

            (s0, s1) = unit == 1 ? (s2, s3) : (TLanes.ShiftRight(s0, 8), TLanes.ShiftRight(s1, 8));
        }

        return products;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Offset<TLanes, V>(V scales, byte* sums)
        where TLanes : struct, ILanes<V>
        where V : unmanaged => TLanes.Add(
            TLanes.MultiplyAdd16(TLanes.Broadcast(sums), LaneMath<TLanes, V>.EvenBytes(scales)),
            TLanes.MultiplyAdd16(TLanes.Broadcast(sums + 4), LaneMath<TLanes, V>.OddBytes(scales)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V SwapHalves<TLanes, V>(V a)
        where TLanes : struct, ILanes<V>
        where V : unmanaged => TLanes.Or(TLanes.ShiftRight(a, 16), TLanes.ShiftLeft(a, 16));

    // A group of 16 columns: products of 6-bit codes fit 16 bits two quads at a time.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Group<TLanes, V>(V q0, V q1, V q2, V q3, byte* x, V scale)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        V a = TLanes.Add16(TLanes.MultiplyAddBytes(q0, TLanes.Broadcast(x)), TLanes.MultiplyAddBytes(q1, TLanes.Broadcast(x + 4)));
        V b = TLanes.Add16(TLanes.MultiplyAddBytes(q2, TLanes.Broadcast(x + 8)), TLanes.MultiplyAddBytes(q3, TLanes.Broadcast(x + 12)));
        return TLanes.Add(TLanes.MultiplyAdd16(a, scale), TLanes.MultiplyAdd16(b, scale));
    }
}
