using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>What the kernels compute from <see cref="ILanes{V}"/>'s operations.</summary>
internal static class LaneMath<TLanes, V>
    where TLanes : struct, ILanes<V>
    where V : unmanaged
{
    /// <summary>Half precision in the low 16 bits of each lane (the rest zero) to F32, exactly.</summary>
    /// <remarks>
    /// Subnormal halves go through integers: scales of small weights are subnormal, and some processors take a trap for subnormal floats.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V HalfToSingle(V half)
    {
        V magnitude = TLanes.And(half, TLanes.Broadcast(0x7fff)), exponent = TLanes.And(half, TLanes.Broadcast(0x7c00));
        V normal = TLanes.Add(TLanes.ShiftLeft(magnitude, 13), TLanes.Broadcast((127 - 15) << 23));
        V notFinite = TLanes.And(TLanes.Equal(exponent, TLanes.Broadcast(0x7c00)), TLanes.Broadcast(0x7f800000));
        V subnormal = TLanes.MultiplySingle(TLanes.ToSingle(magnitude), TLanes.Broadcast((127 - 24) << 23));
        V value = TLanes.Select(TLanes.Equal(exponent, TLanes.Broadcast(0)), subnormal, TLanes.Or(normal, notFinite));
        return TLanes.Or(value, TLanes.ShiftLeft(TLanes.And(half, TLanes.Broadcast(0x8000)), 16));
    }

    /// <summary>The low halves of the lanes as F32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V LowHalf(V pair) => HalfToSingle(TLanes.And(pair, TLanes.Broadcast(0xffff)));

    /// <summary>The high halves of the lanes as F32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V HighHalf(V pair) => HalfToSingle(TLanes.ShiftRight(pair, 16));

    /// <summary>−x, by its sign bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Negate(V singles) => TLanes.MultiplySingle(singles, TLanes.Broadcast(BitConverter.SingleToInt32Bits(-1f)));

    /// <summary>Signed byte <paramref name="index"/> of each lane as two equal 16-bit integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V SignedPair(V bytes, int index)
    {
        V value = TLanes.ShiftRightSigned(TLanes.ShiftLeft(bytes, 24 - 8 * index), 24);
        return TLanes.Or(TLanes.And(value, TLanes.Broadcast(0xffff)), TLanes.ShiftLeft(value, 16));
    }

    /// <summary>Signed bytes 0 and 2 of each lane as 16-bit integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V EvenBytes(V bytes) => TLanes.ShiftRightSigned16(TLanes.ShiftLeft16(bytes, 8), 8);

    /// <summary>Signed bytes 1 and 3 of each lane as 16-bit integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V OddBytes(V bytes) => TLanes.ShiftRightSigned16(bytes, 8);
}
