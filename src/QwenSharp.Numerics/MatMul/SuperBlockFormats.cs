using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

// Bytes are shifted as 32-bit lanes; what crosses into a neighbouring byte is masked away.

/// <summary>Q4_K: d, dmin, scales[12], nibbles[128].</summary>
internal readonly unsafe struct Q4_KFormat : ISuperBlockFormat
{
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
        scales[0] = LaneMath<TLanes, V>.UnsignedPair(lowScales, 0);
        scales[2] = LaneMath<TLanes, V>.UnsignedPair(lowScales, 1);
        scales[4] = LaneMath<TLanes, V>.UnsignedPair(lowScales, 2);
        scales[6] = LaneMath<TLanes, V>.UnsignedPair(lowScales, 3);
        scales[8] = LaneMath<TLanes, V>.UnsignedPair(highScales, 0);
        scales[10] = LaneMath<TLanes, V>.UnsignedPair(highScales, 1);
        scales[12] = LaneMath<TLanes, V>.UnsignedPair(highScales, 2);
        scales[14] = LaneMath<TLanes, V>.UnsignedPair(highScales, 3);
        offsets[0] = LaneMath<TLanes, V>.EvenBytes(lowMinima);
        offsets[2] = LaneMath<TLanes, V>.OddBytes(lowMinima);
        offsets[4] = LaneMath<TLanes, V>.EvenBytes(highMinima);
        offsets[6] = LaneMath<TLanes, V>.OddBytes(highMinima);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static V Dot<TLanes, V>(byte* block, nint stride, byte* x, out V d, out V minimum, out V minima)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        Header<TLanes, V>(block, stride, out d, out minimum, out V lowScales, out V highScales, out V lowMinima, out V highMinima);
        minima = Minima<TLanes, V>(lowMinima, highMinima, x);
        V products = default, scales = lowScales, nibble = TLanes.Broadcast(0x0f0f0f0f);
        byte* nibbles = block + 16;
        for (int pair = 0; pair < 4; pair++, nibbles += 32, x += 64)
        {
            // 32 bytes of nibbles: two groups, whose products fit 16 bits.
            V low = default, high = default;
            for (int part = 0; part < 32; part += 16)
            {
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

            products = TLanes.Add(products, TLanes.MultiplyAdd16(low, LaneMath<TLanes, V>.UnsignedPair(scales, 0)));
            products = TLanes.Add(products, TLanes.MultiplyAdd16(high, LaneMath<TLanes, V>.UnsignedPair(scales, 1)));
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

/// <summary>Q5_K: d, dmin, scales[12], fifth bits[32], nibbles[128].</summary>
internal readonly unsafe struct Q5_KFormat : ISuperBlockFormat
{
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
    public static V Dot<TLanes, V>(byte* block, nint stride, byte* x, out V d, out V minimum, out V minima)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        Q4_KFormat.Header<TLanes, V>(block, stride, out d, out minimum, out V lowScales, out V highScales, out V lowMinima, out V highMinima);
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
                byte* y = x + 64 * pair;
                V low = TLanes.Add16(
                    TLanes.Add16(Low<TLanes, V>(q0, h0, y), Low<TLanes, V>(q1, h1, y + 4)),
                    TLanes.Add16(Low<TLanes, V>(q2, h2, y + 8), Low<TLanes, V>(q3, h3, y + 12)));
                V high = TLanes.Add16(
                    TLanes.Add16(High<TLanes, V>(q0, h0, y + 32), High<TLanes, V>(q1, h1, y + 36)),
                    TLanes.Add16(High<TLanes, V>(q2, h2, y + 40), High<TLanes, V>(q3, h3, y + 44)));
                products = TLanes.Add(products, TLanes.MultiplyAdd16(low, LaneMath<TLanes, V>.UnsignedPair(scales, 0)));
                products = TLanes.Add(products, TLanes.MultiplyAdd16(high, LaneMath<TLanes, V>.UnsignedPair(scales, 1)));
                scales = pair == 1 ? highScales : TLanes.ShiftRight(scales, 16);
                (h0, h1, h2, h3) = (TLanes.ShiftRight(h0, 2), TLanes.ShiftRight(h1, 2), TLanes.ShiftRight(h2, 2), TLanes.ShiftRight(h3, 2));
            }
        }

        return products;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Low<TLanes, V>(V nibbles, V fifth, byte* x)
        where TLanes : struct, ILanes<V>
        where V : unmanaged => TLanes.MultiplyAddBytes(
            TLanes.Or(TLanes.And(nibbles, TLanes.Broadcast(0x0f0f0f0f)), TLanes.And(TLanes.ShiftLeft(fifth, 4), TLanes.Broadcast(0x10101010))),
            TLanes.Broadcast(x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V High<TLanes, V>(V nibbles, V fifth, byte* x)
        where TLanes : struct, ILanes<V>
        where V : unmanaged => TLanes.MultiplyAddBytes(
            TLanes.Or(TLanes.And(TLanes.ShiftRight(nibbles, 4), TLanes.Broadcast(0x0f0f0f0f)), TLanes.And(TLanes.ShiftLeft(fifth, 3), TLanes.Broadcast(0x10101010))),
            TLanes.Broadcast(x));
}

/// <summary>Q6_K: low nibbles[128], high pairs[64], signed scales[16], d; codes are stored plus 32.</summary>
internal readonly unsafe struct Q6_KFormat : ISuperBlockFormat
{
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static V Dot<TLanes, V>(byte* block, nint stride, byte* x, out V d, out V minimum, out V minima)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        d = LaneMath<TLanes, V>.HighHalf(TLanes.Gather(block + 206, stride));
        minimum = minima = default;
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
                products = TLanes.Add(products, Group<TLanes, V>(
                    TLanes.Or(TLanes.And(q0, nibble), TLanes.And(TLanes.ShiftLeft(h0, 4), top)),
                    TLanes.Or(TLanes.And(q1, nibble), TLanes.And(TLanes.ShiftLeft(h1, 4), top)),
                    TLanes.Or(TLanes.And(q2, nibble), TLanes.And(TLanes.ShiftLeft(h2, 4), top)),
                    TLanes.Or(TLanes.And(q3, nibble), TLanes.And(TLanes.ShiftLeft(h3, 4), top)), y, LaneMath<TLanes, V>.SignedPair(s0, 0)));
                products = TLanes.Add(products, Group<TLanes, V>(
                    TLanes.Or(TLanes.And(TLanes.ShiftRight(q0, 4), nibble), TLanes.And(h0, top)),
                    TLanes.Or(TLanes.And(TLanes.ShiftRight(q1, 4), nibble), TLanes.And(h1, top)),
                    TLanes.Or(TLanes.And(TLanes.ShiftRight(q2, 4), nibble), TLanes.And(h2, top)),
                    TLanes.Or(TLanes.And(TLanes.ShiftRight(q3, 4), nibble), TLanes.And(h3, top)), y + 64, LaneMath<TLanes, V>.SignedPair(s1, 0)));
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

/// <summary>Q2_K: scales and minima[16], pairs of bits[64], d, dmin.</summary>
internal readonly unsafe struct Q2_KFormat : ISuperBlockFormat
{
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
        scales[0] = LaneMath<TLanes, V>.UnsignedPair(low, 0);
        scales[2] = LaneMath<TLanes, V>.UnsignedPair(low, 1);
        scales[4] = LaneMath<TLanes, V>.UnsignedPair(low, 2);
        scales[6] = LaneMath<TLanes, V>.UnsignedPair(low, 3);
        offsets[0] = LaneMath<TLanes, V>.EvenBytes(high);
        offsets[2] = LaneMath<TLanes, V>.OddBytes(high);
    }

    public static V Dot<TLanes, V>(byte* block, nint stride, byte* x, out V d, out V minimum, out V minima)
        where TLanes : struct, ILanes<V>
        where V : unmanaged => throw new InvalidOperationException("This type has no product for single tokens.");
}

/// <summary>Q3_K: third bits[32], pairs of bits[64], 6-bit scales[12] stored plus 32, d; codes are stored plus 4.</summary>
internal readonly unsafe struct Q3_KFormat : ISuperBlockFormat
{
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
        Scales<TLanes, V>(TLanes.Or(TLanes.And(TLanes.ShiftRight(u1, 4), nibble), TLanes.And(TLanes.ShiftRight(u2, 2), top)), scales + 24, offsets + 12);

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
                    (q0, q1, q2, q3) = (TLanes.ShiftRight(q0, 2), TLanes.ShiftRight(q1, 2), TLanes.ShiftRight(q2, 2), TLanes.ShiftRight(q3, 2));
                    (h0, h1, h2, h3) = (TLanes.ShiftRight(h0, 1), TLanes.ShiftRight(h1, 1), TLanes.ShiftRight(h2, 1), TLanes.ShiftRight(h3, 1));
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

    public static V Dot<TLanes, V>(byte* block, nint stride, byte* x, out V d, out V minimum, out V minima)
        where TLanes : struct, ILanes<V>
        where V : unmanaged => throw new InvalidOperationException("This type has no product for single tokens.");
}
