using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>How one of the types Q4_0, Q4_1, Q5_0, Q5_1 is laid out: blocks of 32 columns with one scale.</summary>
internal unsafe interface IBlockFormat
{
    /// <summary>Bytes of a block.</summary>
    static abstract int Bytes { get; }

    /// <summary>Quads whose products fit in 16 bits together: see <see cref="ISuperBlockFormat.QuadsPerRun"/>.</summary>
    static abstract int QuadsPerRun { get; }

    /// <summary>The codes are stored plus 2 to this power; 0 for a type with minima.</summary>
    static abstract int OffsetBits { get; }

    /// <summary>Unpacks a block of each row.</summary>
    /// <param name="block">The first row's block.</param>
    /// <param name="stride">Bytes from a row to the next.</param>
    /// <param name="codes">8 quads of unsigned codes, every other register.</param>
    /// <param name="d">The scales, F32.</param>
    /// <param name="minimum">The added constants, F32.</param>
    static abstract void Unpack<TLanes, V>(byte* block, nint stride, V* codes, out V d, out V minimum)
        where TLanes : struct, ILanes<V>
        where V : unmanaged;
}

/// <summary>Products with types of 4 and 5 bits whose blocks have one scale: the sums of a block are exact integers.</summary>
internal readonly unsafe struct BlockKernel<TFormat> : IPanelKernel
    where TFormat : struct, IBlockFormat
{
    private const int Codes = 0, D = 2 * 64, Minimum = D + 2 * 8;

    public static int MaxTile => 3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack<TLanes, V>(byte* weights, nint stride, int columns, V* panel)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        for (int block = 0; block < columns / 32; block++, weights += TFormat.Bytes)
            TFormat.Unpack<TLanes, V>(weights, stride, panel + Codes + 16 * block, out panel[D + 2 * block], out panel[Minimum + 2 * block]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TLanes, V, TTile>(V* panel, byte* x, nint stride, int columns, V* sums)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
        where TTile : struct, ITile
    {
        V* codes = panel + Codes;
        V ones = TLanes.Broadcast(0x00010001);
        byte* quads = x;
        for (int block = 0; block < columns / 32; block++)
        {
            // aᵣₜ: 32-bit sums of row group r and token t over the block; bᵣₜ: 16-bit sums over a run.
            V a00 = default, a10 = default, a01 = default, a11 = default, a02 = default, a12 = default;
            for (int run = 0; run < 8 / TFormat.QuadsPerRun; run++)
            {
                V b00 = default, b10 = default, b01 = default, b11 = default, b02 = default, b12 = default;
                for (int quad = 0; quad < TFormat.QuadsPerRun; quad++, codes += 2, quads += 4)
                {
                    V w0 = codes[0], w1 = codes[1], activation = TLanes.Broadcast(quads);
                    b00 = TLanes.Add16(b00, TLanes.MultiplyAddBytes(w0, activation));
                    b10 = TLanes.Add16(b10, TLanes.MultiplyAddBytes(w1, activation));
                    if (TTile.Tokens > 1)
                    {
                        activation = TLanes.Broadcast(quads + stride);
                        b01 = TLanes.Add16(b01, TLanes.MultiplyAddBytes(w0, activation));
                        b11 = TLanes.Add16(b11, TLanes.MultiplyAddBytes(w1, activation));
                    }

                    if (TTile.Tokens > 2)
                    {
                        activation = TLanes.Broadcast(quads + 2 * stride);
                        b02 = TLanes.Add16(b02, TLanes.MultiplyAddBytes(w0, activation));
                        b12 = TLanes.Add16(b12, TLanes.MultiplyAddBytes(w1, activation));
                    }
                }

                a00 = TLanes.Add(a00, TLanes.MultiplyAdd16(b00, ones));
                a10 = TLanes.Add(a10, TLanes.MultiplyAdd16(b10, ones));
                if (TTile.Tokens > 1)
                {
                    a01 = TLanes.Add(a01, TLanes.MultiplyAdd16(b01, ones));
                    a11 = TLanes.Add(a11, TLanes.MultiplyAdd16(b11, ones));
                }

                if (TTile.Tokens > 2)
                {
                    a02 = TLanes.Add(a02, TLanes.MultiplyAdd16(b02, ones));
                    a12 = TLanes.Add(a12, TLanes.MultiplyAdd16(b12, ones));
                }
            }

            Scale<TLanes, V>(panel + D + 2 * block, x + 4 * block, a00, a10, sums);
            if (TTile.Tokens > 1)
                Scale<TLanes, V>(panel + D + 2 * block, x + stride + 4 * block, a01, a11, sums + 2);

            if (TTile.Tokens > 2)
                Scale<TLanes, V>(panel + D + 2 * block, x + 2 * stride + 4 * block, a02, a12, sums + 4);
        }
    }

    // y = fma(d · dx, integer sum, y), and for minima y = fma(m · dx, sum of the activations, y); x points at the block's scale less its offset.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scale<TLanes, V>(V* d, byte* x, V a0, V a1, V* sums)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        V dx = TLanes.Broadcast(x + PackedActivations.Scales8), total = TLanes.Broadcast(x + PackedActivations.BlockSums);
        if (TFormat.OffsetBits != 0)
        {
            V offset = TLanes.ShiftLeft(total, TFormat.OffsetBits);
            (a0, a1) = (TLanes.Subtract(a0, offset), TLanes.Subtract(a1, offset));
        }

        V y0 = TLanes.FusedMultiplyAdd(TLanes.MultiplySingle(d[0], dx), TLanes.ToSingle(a0), sums[0]);
        V y1 = TLanes.FusedMultiplyAdd(TLanes.MultiplySingle(d[1], dx), TLanes.ToSingle(a1), sums[1]);
        if (TFormat.OffsetBits == 0)
        {
            V* minimum = d + (Minimum - D);
            total = TLanes.ToSingle(total);
            y0 = TLanes.FusedMultiplyAdd(TLanes.MultiplySingle(minimum[0], dx), total, y0);
            y1 = TLanes.FusedMultiplyAdd(TLanes.MultiplySingle(minimum[1], dx), total, y1);
        }

        sums[0] = y0;
        sums[1] = y1;
    }
}

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
