using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

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
