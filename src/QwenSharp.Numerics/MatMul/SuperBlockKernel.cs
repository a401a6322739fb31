using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>How one of the types Q2_K … Q6_K is laid out.</summary>
internal unsafe interface ISuperBlockFormat
{
    /// <summary>Bytes of a super-block.</summary>
    static abstract int BlockBytes { get; }

    /// <summary>Groups of a super-block that have a scale of their own: 8 or 16.</summary>
    static abstract int Groups { get; }

    /// <summary>
    /// Quads whose products fit in 16 bits together. A quad adds up to 2 · largest code · 127 to a 16-bit lane,
    /// so 8 of 4-bit codes stay below 32 767, 4 of 5-bit codes and 2 of 6-bit codes.
    /// </summary>
    static abstract int QuadsPerRun { get; }

    /// <summary>Whether the type subtracts minima; otherwise an integer offset is subtracted from the codes.</summary>
    static abstract bool HasMinimum { get; }

    /// <summary>Whether the format has <see cref="Dot"/>.</summary>
    static abstract bool HasDot { get; }

    /// <summary>Unpacks a super-block of each row.</summary>
    /// <param name="block">The first row's block.</param>
    /// <param name="stride">Bytes from a row to the next.</param>
    /// <param name="codes">64 quads of unsigned codes, every other register.</param>
    /// <param name="scales">Groups × (scale, scale) as 16-bit integers, every other register.</param>
    /// <param name="offsets">
    /// What multiplies the sums of the activations' groups, as pairs in the order of <see cref="PackedActivations"/>:
    /// minima, or −offset · scale; every other register.
    /// </param>
    /// <param name="d">The super-block's scales, F32.</param>
    /// <param name="minimum">Its scales of the minima, negated, F32.</param>
    static abstract void Unpack<TLanes, V>(byte* block, nint stride, V* codes, V* scales, V* offsets, out V d, out V minimum)
        where TLanes : struct, ILanes<V>
        where V : unmanaged;

    /// <summary>The integer sums of a super-block of each row with one token.</summary>
    /// <param name="block">The first row's block.</param>
    /// <param name="stride">Bytes from a row to the next.</param>
    /// <param name="x">The token's packed super-block.</param>
    /// <param name="next">What is read soon (<see cref="IPanelKernel.Dot"/>).</param>
    /// <param name="d">The super-block's scales, F32.</param>
    /// <param name="minimum">Its scales of the minima, negated, F32.</param>
    /// <param name="minima">Σ m · (sum of the activations of a group).</param>
    /// <returns>Σ scale · code · x, less any offset.</returns>
    static abstract V Dot<TLanes, V>(byte* block, nint stride, byte* x, byte* next, out V d, out V minimum, out V minima)
        where TLanes : struct, ILanes<V>
        where V : unmanaged;
}

/// <summary>Products with types whose super-blocks have integer group scales: all sums inside a super-block are exact integers.</summary>
internal readonly unsafe struct SuperBlockKernel<TFormat> : IPanelKernel
    where TFormat : struct, ISuperBlockFormat
{
    // The panel in registers, each pair being the two groups of rows.
    private const int Codes = 0, Scales = 2 * 64, Offsets = Scales + 2 * 16, D = Offsets + 2 * 8, Minimum = D + 2;

    public static bool HasDot => TFormat.HasDot;

    public static int MaxTile => 3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack<TLanes, V>(byte* weights, nint stride, int columns, V* panel)
        where TLanes : struct, ILanes<V>
        where V : unmanaged =>
        TFormat.Unpack<TLanes, V>(weights, stride, panel + Codes, panel + Scales, panel + Offsets, out panel[D], out panel[Minimum]);

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
        // aᵣₜ: 32-bit sums of row group r and token t over the super-block; bᵣₜ: 16-bit sums over a run.
        V a00 = default, a10 = default, a01 = default, a11 = default, a02 = default, a12 = default;
        if (!TFormat.HasMinimum)
            Offset<TLanes, V, TTile>(panel, x, stride, ref a00, ref a10, ref a01, ref a11, ref a02, ref a12);

        byte* x1 = x + stride, x2 = x1 + stride;
        V* codes = panel + Codes, scales = panel + Scales;
        nint quad = 0;
        for (int run = 0; run < 64 / TFormat.QuadsPerRun; run++)
        {
            V w0 = codes[0], w1 = codes[1], activation = TLanes.Broadcast(x + quad);
            V b00 = TLanes.MultiplyAddBytes(w0, activation), b10 = TLanes.MultiplyAddBytes(w1, activation);
            activation = TTile.Tokens > 1 ? TLanes.Broadcast(x1 + quad) : default;
            V b01 = TLanes.MultiplyAddBytes(w0, activation), b11 = TLanes.MultiplyAddBytes(w1, activation);
            activation = TTile.Tokens > 2 ? TLanes.Broadcast(x2 + quad) : default;
            V b02 = TLanes.MultiplyAddBytes(w0, activation), b12 = TLanes.MultiplyAddBytes(w1, activation);
            quad += 4;
            codes += 2;
            for (nint end = quad + 4 * (TFormat.QuadsPerRun - 1); quad < end; quad += 4, codes += 2)
            {
                (w0, w1, activation) = (codes[0], codes[1], TLanes.Broadcast(x + quad));
                b00 = TLanes.Add16(b00, TLanes.MultiplyAddBytes(w0, activation));
                b10 = TLanes.Add16(b10, TLanes.MultiplyAddBytes(w1, activation));
                if (TTile.Tokens > 1)
                {
                    activation = TLanes.Broadcast(x1 + quad);
                    b01 = TLanes.Add16(b01, TLanes.MultiplyAddBytes(w0, activation));
                    b11 = TLanes.Add16(b11, TLanes.MultiplyAddBytes(w1, activation));
                }

                if (TTile.Tokens > 2)
                {
                    activation = TLanes.Broadcast(x2 + quad);
                    b02 = TLanes.Add16(b02, TLanes.MultiplyAddBytes(w0, activation));
                    b12 = TLanes.Add16(b12, TLanes.MultiplyAddBytes(w1, activation));
                }
            }

            a00 = TLanes.Add(a00, TLanes.MultiplyAdd16(b00, scales[0]));
            a10 = TLanes.Add(a10, TLanes.MultiplyAdd16(b10, scales[1]));
            if (TTile.Tokens > 1)
            {
                a01 = TLanes.Add(a01, TLanes.MultiplyAdd16(b01, scales[0]));
                a11 = TLanes.Add(a11, TLanes.MultiplyAdd16(b11, scales[1]));
            }

            if (TTile.Tokens > 2)
            {
                a02 = TLanes.Add(a02, TLanes.MultiplyAdd16(b02, scales[0]));
                a12 = TLanes.Add(a12, TLanes.MultiplyAdd16(b12, scales[1]));
            }

            if (64 / TFormat.QuadsPerRun == TFormat.Groups || (quad & (256 / TFormat.Groups - 1)) == 0)
                scales += 2;
        }

        Scale<TLanes, V>(panel + D, x, a00, a10, sums);
        if (TTile.Tokens > 1)
            Scale<TLanes, V>(panel + D, x1, a01, a11, sums + 2);

        if (TTile.Tokens > 2)
            Scale<TLanes, V>(panel + D, x2, a02, a12, sums + 4);

        if (!TFormat.HasMinimum)
            return;

        V m00 = default, m10 = default, m01 = default, m11 = default, m02 = default, m12 = default;
        Offset<TLanes, V, TTile>(panel, x, stride, ref m00, ref m10, ref m01, ref m11, ref m02, ref m12);
        Scale<TLanes, V>(panel + Minimum, x, m00, m10, sums);
        if (TTile.Tokens > 1)
            Scale<TLanes, V>(panel + Minimum, x1, m01, m11, sums + 2);

        if (TTile.Tokens > 2)
            Scale<TLanes, V>(panel + Minimum, x2, m02, m12, sums + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static V Dot<TLanes, V>(byte* weights, nint stride, int columns, byte* x, nint chunkStride, V sum, byte* next)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        nint blockBytes = TFormat.BlockBytes;
        for (; columns > 0; columns -= 256, weights += blockBytes, x += chunkStride, next += TLanes.Count * blockBytes)
        {
            V products = TFormat.Dot<TLanes, V>(weights, stride, x, next, out V d, out V minimum, out V minima);
            V dx = TLanes.Broadcast(x + PackedActivations.Scales8);
            sum = TLanes.FusedMultiplyAdd(TLanes.MultiplySingle(d, dx), TLanes.ToSingle(products), sum);
            if (TFormat.HasMinimum)
                sum = TLanes.FusedMultiplyAdd(TLanes.MultiplySingle(minimum, dx), TLanes.ToSingle(minima), sum);
        }

        return sum;
    }

    // Adds Σ offset · (sum of the activations of a group).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Offset<TLanes, V, TTile>(
        V* panel, byte* x, nint stride, ref V a00, ref V a10, ref V a01, ref V a11, ref V a02, ref V a12)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
        where TTile : struct, ITile
    {
        byte* groupSums = x + (TFormat.Groups == 16 ? PackedActivations.Sums16 : PackedActivations.Sums32);
        V* offsets = panel + Offsets;
        for (int pair = 0; pair < TFormat.Groups / 2; pair++, groupSums += 4, offsets += 2)
        {
            V sum = TLanes.Broadcast(groupSums);
            a00 = TLanes.Add(a00, TLanes.MultiplyAdd16(sum, offsets[0]));
            a10 = TLanes.Add(a10, TLanes.MultiplyAdd16(sum, offsets[1]));
            if (TTile.Tokens > 1)
            {
                sum = TLanes.Broadcast(groupSums + stride);
                a01 = TLanes.Add(a01, TLanes.MultiplyAdd16(sum, offsets[0]));
                a11 = TLanes.Add(a11, TLanes.MultiplyAdd16(sum, offsets[1]));
            }

            if (TTile.Tokens > 2)
            {
                sum = TLanes.Broadcast(groupSums + 2 * stride);
                a02 = TLanes.Add(a02, TLanes.MultiplyAdd16(sum, offsets[0]));
                a12 = TLanes.Add(a12, TLanes.MultiplyAdd16(sum, offsets[1]));
            }
        }
    }

    // y = fma(d · dx, integer sum, y)
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scale<TLanes, V>(V* d, byte* x, V a0, V a1, V* sums)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        V dx = TLanes.Broadcast(x + PackedActivations.Scales8);
        sums[0] = TLanes.FusedMultiplyAdd(TLanes.MultiplySingle(d[0], dx), TLanes.ToSingle(a0), sums[0]);
        sums[1] = TLanes.FusedMultiplyAdd(TLanes.MultiplySingle(d[1], dx), TLanes.ToSingle(a1), sums[1]);
    }
}
