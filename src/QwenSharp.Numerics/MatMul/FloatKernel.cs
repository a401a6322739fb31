using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>How F32, F16 or BF16 weights become F32.</summary>
internal unsafe interface IFloatFormat
{
    /// <summary>Columns in 16 bytes.</summary>
    static abstract int Columns { get; }

    /// <summary>Unpacks 16 bytes of each row into <see cref="Columns"/> registers, every other one.</summary>
    static abstract void Unpack<TLanes, V>(byte* from, nint stride, V* to)
        where TLanes : struct, ILanes<V>
        where V : unmanaged;
}

/// <summary>
/// Products with float weights: a chunk is one chain of fused multiply-adds for each row and token, in the order of the columns.
/// </summary>
internal readonly unsafe struct FloatKernel<TFormat> : IPanelKernel
    where TFormat : struct, IFloatFormat
{
    public static bool HasDot => false;

    public static int MaxTile => 4;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack<TLanes, V>(byte* weights, nint stride, int columns, V* panel)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        for (int column = 0; column < columns; column += TFormat.Columns, weights += 16)
            TFormat.Unpack<TLanes, V>(weights, stride, panel + 2 * column);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void UnpackBytes<TLanes, V>(byte* weights, nint stride, int columns, V* panel)
        where TLanes : struct, ILanes<V>
        where V : unmanaged => throw new InvalidOperationException("Floats have no codes.");

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TLanes, V, TTile>(V* panel, byte* x, nint stride, int columns, V* sums)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
        where TTile : struct, ITile
    {
        byte* x1 = x + stride, x2 = x1 + stride, x3 = x2 + stride;
        V a00 = default, a10 = default, a01 = default, a11 = default, a02 = default, a12 = default, a03 = default, a13 = default;
        for (nint at = 0; at < 4 * columns; at += 4, panel += 2)
        {
            V w0 = panel[0], w1 = panel[1], activation = TLanes.Broadcast(x + at);
            a00 = TLanes.FusedMultiplyAdd(w0, activation, a00);
            a10 = TLanes.FusedMultiplyAdd(w1, activation, a10);
            if (TTile.Tokens > 1)
            {
                activation = TLanes.Broadcast(x1 + at);
                a01 = TLanes.FusedMultiplyAdd(w0, activation, a01);
                a11 = TLanes.FusedMultiplyAdd(w1, activation, a11);
            }

            if (TTile.Tokens > 2)
            {
                activation = TLanes.Broadcast(x2 + at);
                a02 = TLanes.FusedMultiplyAdd(w0, activation, a02);
                a12 = TLanes.FusedMultiplyAdd(w1, activation, a12);
            }

            if (TTile.Tokens > 3)
            {
                activation = TLanes.Broadcast(x3 + at);
                a03 = TLanes.FusedMultiplyAdd(w0, activation, a03);
                a13 = TLanes.FusedMultiplyAdd(w1, activation, a13);
            }
        }

        sums[0] = TLanes.AddSingle(sums[0], a00);
        sums[1] = TLanes.AddSingle(sums[1], a10);
        if (TTile.Tokens > 1)
        {
            sums[2] = TLanes.AddSingle(sums[2], a01);
            sums[3] = TLanes.AddSingle(sums[3], a11);
        }

        if (TTile.Tokens > 2)
        {
            sums[4] = TLanes.AddSingle(sums[4], a02);
            sums[5] = TLanes.AddSingle(sums[5], a12);
        }

        if (TTile.Tokens > 3)
        {
            sums[6] = TLanes.AddSingle(sums[6], a03);
            sums[7] = TLanes.AddSingle(sums[7], a13);
        }
    }

    public static V Dot<TLanes, V>(byte* weights, nint stride, int columns, byte* x, nint chunkStride, V sum, byte* next)
        where TLanes : struct, ILanes<V>
        where V : unmanaged => throw new InvalidOperationException("This type has no product for single tokens.");
}
