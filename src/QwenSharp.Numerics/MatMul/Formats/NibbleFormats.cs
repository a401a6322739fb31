using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace QwenSharp.Numerics;

/// <summary>The tables of types whose codes are nibbles.</summary>
internal static unsafe class NibbleTables
{
    /// <summary>The values of the IQ4 types, where they lie in the program's constants.</summary>
    public static sbyte* NonLinear => (sbyte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(CodebookDecoder.NonLinear));

    /// <summary>Twice the values of E2M1, where they lie in the program's constants.</summary>
    public static sbyte* TwiceE2M1 => (sbyte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(CodebookDecoder.TwiceE2M1));
}

/// <summary>IQ4_NL: d, nibbles[16].</summary>
internal readonly unsafe struct IQ4_NLFormat : INibbleFormat
{
    public static int Units => 1;

    public static int HeaderBytes => 2;

    public static sbyte* Table => NibbleTables.NonLinear;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales<TLanes, V>(byte* block, nint stride, V* scales, int step)
        where TLanes : struct, ILanes<V>
        where V : unmanaged => *scales = LaneMath<TLanes, V>.LowHalf(TLanes.Gather(block, stride));
}

/// <summary>IQ4_XS: d, 8 pairs of high scale bits, 8 nibbles of low ones, nibbles[128]; scales are stored plus 32.</summary>
internal readonly unsafe struct IQ4_XSFormat : INibbleFormat
{
    public static int Units => 8;

    public static int HeaderBytes => 8;

    public static sbyte* Table => NibbleTables.NonLinear;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales<TLanes, V>(byte* block, nint stride, V* scales, int step)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        V head = TLanes.Gather(block, stride), low = TLanes.Gather(block + 4, stride), high = TLanes.ShiftRight(head, 12);
        V d = LaneMath<TLanes, V>.LowHalf(head), four = TLanes.Broadcast(15), top = TLanes.Broadcast(3 << 4), offset = TLanes.Broadcast(32);
        for (int unit = 0; unit < 8; unit++, scales += step)
        {
            V scale = TLanes.Or(TLanes.And(low, four), TLanes.And(high, top));
            *scales = TLanes.MultiplySingle(d, TLanes.ToSingle(TLanes.Subtract(scale, offset)));
            (low, high) = (TLanes.ShiftRight(low, 4), TLanes.ShiftRight(high, 2));
        }
    }
}

/// <summary>MXFP4: exponent, nibbles[16].</summary>
internal readonly unsafe struct MXFP4Format : INibbleFormat
{
    public static int Units => 1;

    public static int HeaderBytes => 1;

    public static sbyte* Table => NibbleTables.TwiceE2M1;

    // 2^(e − 128), of which the two least are subnormal.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales<TLanes, V>(byte* block, nint stride, V* scales, int step)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        V exponent = TLanes.And(TLanes.Gather(block, stride), TLanes.Broadcast(255));
        V normal = TLanes.Subtract(TLanes.ShiftLeft(exponent, 23), TLanes.Broadcast(1 << 23));
        V value = TLanes.Select(TLanes.Equal(exponent, TLanes.Broadcast(0)), TLanes.Broadcast(0x00200000), normal);
        *scales = TLanes.Select(TLanes.Equal(exponent, TLanes.Broadcast(1)), TLanes.Broadcast(0x00400000), value);
    }
}
