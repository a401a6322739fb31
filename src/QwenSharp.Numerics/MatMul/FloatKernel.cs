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

/// <summary>Products with float weights: a chunk is one chain of fused multiply-adds for each row and token, in the order of the columns.</summary>
internal readonly unsafe struct FloatKernel<TFormat> : IPanelKernel
    where TFormat : struct, IFloatFormat
{
    public static int MaxTile => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack<TLanes, V>(byte* weights, nint stride, int columns, V* panel)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        for (int column = 0; column < columns; column += TFormat.Columns, weights += 16)
            TFormat.Unpack<TLanes, V>(weights, stride, panel + 2 * column);
    }

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
}

/// <summary>IEEE 754 single precision.</summary>
internal readonly unsafe struct F32Format : IFloatFormat
{
    public static int Columns => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack<TLanes, V>(byte* from, nint stride, V* to)
        where TLanes : struct, ILanes<V>
        where V : unmanaged => TLanes.Transpose(from, stride, out to[0], out to[2], out to[4], out to[6]);
}

/// <summary>IEEE 754 half precision.</summary>
internal readonly unsafe struct F16Format : IFloatFormat
{
    public static int Columns => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack<TLanes, V>(byte* from, nint stride, V* to)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        TLanes.Transpose(from, stride, out V q0, out V q1, out V q2, out V q3);
        to[0] = LaneMath<TLanes, V>.LowHalf(q0);
        to[2] = LaneMath<TLanes, V>.HighHalf(q0);
        to[4] = LaneMath<TLanes, V>.LowHalf(q1);
        to[6] = LaneMath<TLanes, V>.HighHalf(q1);
        to[8] = LaneMath<TLanes, V>.LowHalf(q2);
        to[10] = LaneMath<TLanes, V>.HighHalf(q2);
        to[12] = LaneMath<TLanes, V>.LowHalf(q3);
        to[14] = LaneMath<TLanes, V>.HighHalf(q3);
    }
}

/// <summary>The upper half of a single.</summary>
internal readonly unsafe struct BF16Format : IFloatFormat
{
    public static int Columns => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack<TLanes, V>(byte* from, nint stride, V* to)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        TLanes.Transpose(from, stride, out V q0, out V q1, out V q2, out V q3);
        V upper = TLanes.Broadcast(unchecked((int)0xffff0000));
        to[0] = TLanes.ShiftLeft(q0, 16);
        to[2] = TLanes.And(q0, upper);
        to[4] = TLanes.ShiftLeft(q1, 16);
        to[6] = TLanes.And(q1, upper);
        to[8] = TLanes.ShiftLeft(q2, 16);
        to[10] = TLanes.And(q2, upper);
        to[12] = TLanes.ShiftLeft(q3, 16);
        to[14] = TLanes.And(q3, upper);
    }
}
