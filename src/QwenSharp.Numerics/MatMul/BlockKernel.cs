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

    public static bool HasDot => false;

    public static int MaxTile => 3;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack<TLanes, V>(byte* weights, nint stride, int columns, V* panel)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        for (int block = 0; block < columns / 32; block++, weights += TFormat.Bytes)
        {
            TFormat.Unpack<TLanes, V>(
                weights,
                stride,
                panel + Codes + 16 * block,
                out panel[D + 2 * block],
                out panel[Minimum + 2 * block]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void UnpackBytes<TLanes, V>(byte* weights, nint stride, int columns, V* panel)
        where TLanes : struct, ILanes<V>
        where V : unmanaged => Unpack<TLanes, V>(weights, stride, columns, panel);

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

    // y = fma(d · dx, integer sum, y), and for minima y = fma(m · dx, sum of the activations, y); x points at the block's scale less its
    // offset.
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

    public static V Dot<TLanes, V>(byte* weights, nint stride, int columns, byte* x, nint chunkStride, V sum, byte* next)
        where TLanes : struct, ILanes<V>
        where V : unmanaged => throw new InvalidOperationException("This type has no product for single tokens.");
}
