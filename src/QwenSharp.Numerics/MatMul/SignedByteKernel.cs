using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>How Q8_0 or a type with a codebook is unpacked: their codes are any signed bytes.</summary>
internal unsafe interface ISignedByteFormat
{
    /// <summary>Columns that share a scale: 16 or 32.</summary>
    static abstract int UnitLength { get; }

    /// <summary>Unpacks a chunk of each row.</summary>
    /// <param name="weights">The chunk's first block in the first row.</param>
    /// <param name="stride">Bytes from a row to the next.</param>
    /// <param name="columns">Columns in the chunk.</param>
    /// <param name="codes">The registers of each quad of columns, as <typeparamref name="TCodes"/> has them, every other one.</param>
    /// <param name="scales">A register of F32 for each unit, every other register.</param>
    static abstract void Unpack<TLanes, V, TCodes>(byte* weights, nint stride, int columns, V* codes, V* scales)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
        where TCodes : struct, ISignedCodes;

    /// <summary>The product with a single token (<see cref="IPanelKernel.Dot"/>).</summary>
    static abstract V Dot<TLanes, V>(byte* weights, nint stride, int columns, byte* x, nint chunkStride, V sum, byte* next)
        where TLanes : struct, ILanes<V>
        where V : unmanaged;
}

/// <summary>How an unpacked panel holds signed codes.</summary>
internal unsafe interface ISignedCodes
{
    /// <summary>Registers of a panel that four quads of columns take.</summary>
    static abstract int RegistersOfFour { get; }

    /// <summary>Stores four quads, every other register.</summary>
    static abstract void Store<TLanes, V>(V* to, V q0, V q1, V q2, V q3)
        where TLanes : struct, ILanes<V>
        where V : unmanaged;
}

/// <summary>Widened to 16 bits: a quad of columns 0 1 2 3 becomes the pairs (0, 2) and (1, 3).</summary>
internal readonly unsafe struct WidenedPairs : ISignedCodes
{
    public static int RegistersOfFour => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TLanes, V>(V* to, V q0, V q1, V q2, V q3)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        to[0] = LaneMath<TLanes, V>.EvenBytes(q0);
        to[2] = LaneMath<TLanes, V>.OddBytes(q0);
        to[4] = LaneMath<TLanes, V>.EvenBytes(q1);
        to[6] = LaneMath<TLanes, V>.OddBytes(q1);
        to[8] = LaneMath<TLanes, V>.EvenBytes(q2);
        to[10] = LaneMath<TLanes, V>.OddBytes(q2);
        to[12] = LaneMath<TLanes, V>.EvenBytes(q3);
        to[14] = LaneMath<TLanes, V>.OddBytes(q3);
    }
}

/// <summary>As unsigned bytes, plus 128, where an instruction multiplies those with signed ones.</summary>
internal readonly unsafe struct BiasedBytes : ISignedCodes
{
    /// <summary>The codes are stored plus 2 to this power.</summary>
    public const int OffsetBits = 7;

    /// <summary>Which of a panel's registers the scales begin with.</summary>
    public const int Scales = 2 * 64;

    public static int RegistersOfFour => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TLanes, V>(V* to, V q0, V q1, V q2, V q3)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        V bias = TLanes.Broadcast(unchecked((int)0x80808080));
        to[0] = TLanes.Xor(q0, bias);
        to[2] = TLanes.Xor(q1, bias);
        to[4] = TLanes.Xor(q2, bias);
        to[6] = TLanes.Xor(q3, bias);
    }
}

/// <summary>
/// Products with Q8_0 and types that have a codebook: signed bytes do not fit the unsigned × signed byte product, so codes and
/// activations are widened to 16 bits, once each. The sums of a unit are exact integers.
/// </summary>
internal readonly unsafe struct SignedByteKernel<TFormat> : IPanelKernel
    where TFormat : struct, ISignedByteFormat
{
    private const int Pairs = 0, Scales = 2 * 128;

    public static bool HasDot => true;

    public static int MaxTile => 3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack<TLanes, V>(byte* weights, nint stride, int columns, V* panel)
        where TLanes : struct, ILanes<V>
        where V : unmanaged => TFormat.Unpack<TLanes, V, WidenedPairs>(weights, stride, columns, panel + Pairs, panel + Scales);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void UnpackBytes<TLanes, V>(byte* weights, nint stride, int columns, V* panel)
        where TLanes : struct, ILanes<V>
        where V : unmanaged => TFormat.Unpack<TLanes, V, BiasedBytes>(weights, stride, columns, panel, panel + BiasedBytes.Scales);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TLanes, V, TTile>(V* panel, byte* x, nint stride, int columns, V* sums)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
        where TTile : struct, ITile
    {
        V* w = panel + Pairs, scales = panel + Scales;
        byte* pairs = x;
        for (int column = 0; column < columns; column += TFormat.UnitLength, scales += 2)
        {
            // aᵣₜ: 32-bit sums of row group r and token t over the unit.
            V a00 = default, a10 = default, a01 = default, a11 = default, a02 = default, a12 = default;
            for (byte* end = pairs + 2 * TFormat.UnitLength; pairs < end; pairs += 8, w += 4)
            {
                V w0 = w[0], w1 = w[1], activation = TLanes.Broadcast(pairs);
                a00 = TLanes.Add(a00, TLanes.MultiplyAdd16(activation, w0));
                a10 = TLanes.Add(a10, TLanes.MultiplyAdd16(activation, w1));
                if (TTile.Tokens > 1)
                {
                    activation = TLanes.Broadcast(pairs + stride);
                    a01 = TLanes.Add(a01, TLanes.MultiplyAdd16(activation, w0));
                    a11 = TLanes.Add(a11, TLanes.MultiplyAdd16(activation, w1));
                }

                if (TTile.Tokens > 2)
                {
                    activation = TLanes.Broadcast(pairs + 2 * stride);
                    a02 = TLanes.Add(a02, TLanes.MultiplyAdd16(activation, w0));
                    a12 = TLanes.Add(a12, TLanes.MultiplyAdd16(activation, w1));
                }

                (w0, w1, activation) = (w[2], w[3], TLanes.Broadcast(pairs + 4));
                a00 = TLanes.Add(a00, TLanes.MultiplyAdd16(activation, w0));
                a10 = TLanes.Add(a10, TLanes.MultiplyAdd16(activation, w1));
                if (TTile.Tokens > 1)
                {
                    activation = TLanes.Broadcast(pairs + 4 + stride);
                    a01 = TLanes.Add(a01, TLanes.MultiplyAdd16(activation, w0));
                    a11 = TLanes.Add(a11, TLanes.MultiplyAdd16(activation, w1));
                }

                if (TTile.Tokens > 2)
                {
                    activation = TLanes.Broadcast(pairs + 4 + 2 * stride);
                    a02 = TLanes.Add(a02, TLanes.MultiplyAdd16(activation, w0));
                    a12 = TLanes.Add(a12, TLanes.MultiplyAdd16(activation, w1));
                }
            }

            byte* dx = x + PackedActivations.WideScales + column / 32 * 4;
            Scale<TLanes, V>(scales, dx, a00, a10, sums);
            if (TTile.Tokens > 1)
                Scale<TLanes, V>(scales, dx + stride, a01, a11, sums + 2);

            if (TTile.Tokens > 2)
                Scale<TLanes, V>(scales, dx + 2 * stride, a02, a12, sums + 4);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Dot<TLanes, V>(byte* weights, nint stride, int columns, byte* x, nint chunkStride, V sum, byte* next)
        where TLanes : struct, ILanes<V>
        where V : unmanaged => TFormat.Dot<TLanes, V>(weights, stride, columns, x, chunkStride, sum, next);

    // y = fma(s · dx, integer sum, y)
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scale<TLanes, V>(V* scales, byte* dx, V a0, V a1, V* sums)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        V factor = TLanes.Broadcast(dx);
        sums[0] = TLanes.FusedMultiplyAdd(TLanes.MultiplySingle(scales[0], factor), TLanes.ToSingle(a0), sums[0]);
        sums[1] = TLanes.FusedMultiplyAdd(TLanes.MultiplySingle(scales[1], factor), TLanes.ToSingle(a1), sums[1]);
    }
}
