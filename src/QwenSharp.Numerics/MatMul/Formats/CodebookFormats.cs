using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace QwenSharp.Numerics;

/// <summary>Types with a codebook whose codes are nibbles: they are looked up in registers.</summary>
internal static unsafe class CodebookFormats
{
    /// <summary>Whether the type's kernel has a product for single tokens.</summary>
    public static bool HaveDot(TensorType type) => type is TensorType.IQ4_NL or TensorType.IQ4_XS or TensorType.MXFP4;

    /// <summary>The values of the IQ4 types, where they lie in the program's constants.</summary>
    public static sbyte* NonLinear => (sbyte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(CodebookDecoder.NonLinear));

    /// <summary>Twice the values of E2M1, where they lie in the program's constants.</summary>
    public static sbyte* TwiceE2M1 => (sbyte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(CodebookDecoder.TwiceE2M1));
}

/// <summary>How 32 columns of a type are laid out whose codes are nibbles: 16 bytes, of which the low ones come first.</summary>
internal unsafe interface INibbleFormat
{
    /// <summary>Columns of a block.</summary>
    static abstract int BlockLength { get; }

    /// <summary>Bytes of a block.</summary>
    static abstract int BlockBytes { get; }

    /// <summary>Bytes of a block before its nibbles.</summary>
    static abstract int HeaderBytes { get; }

    /// <summary>The 16 values of a nibble.</summary>
    static abstract sbyte* Table { get; }

    /// <summary>The scales of 32 columns of each row, F32.</summary>
    /// <param name="block">The first row's block.</param>
    /// <param name="stride">Bytes from a row to the next.</param>
    /// <param name="unit">Which 32 columns of the block.</param>
    static abstract V Scale<TLanes, V>(byte* block, nint stride, int unit)
        where TLanes : struct, ILanes<V>
        where V : unmanaged;
}

/// <summary>IQ4_NL: d, nibbles[16].</summary>
internal readonly unsafe struct IQ4_NLFormat : INibbleFormat
{
    public static int BlockLength => 32;

    public static int BlockBytes => 18;

    public static int HeaderBytes => 2;

    public static sbyte* Table => CodebookFormats.NonLinear;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Scale<TLanes, V>(byte* block, nint stride, int unit)
        where TLanes : struct, ILanes<V>
        where V : unmanaged => LaneMath<TLanes, V>.LowHalf(TLanes.Gather(block, stride));
}

/// <summary>IQ4_XS: d, 8 pairs of high scale bits, 8 nibbles of low ones, nibbles[128]; scales are stored plus 32.</summary>
internal readonly unsafe struct IQ4_XSFormat : INibbleFormat
{
    public static int BlockLength => 256;

    public static int BlockBytes => 136;

    public static int HeaderBytes => 8;

    public static sbyte* Table => CodebookFormats.NonLinear;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Scale<TLanes, V>(byte* block, nint stride, int unit)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        V head = TLanes.Gather(block, stride), low = TLanes.Gather(block + 4, stride);
        V scale = TLanes.Or(
            TLanes.And(TLanes.ShiftRight(low, 4 * unit), TLanes.Broadcast(15)),
            TLanes.ShiftLeft(TLanes.And(TLanes.ShiftRight(head, 16 + 2 * unit), TLanes.Broadcast(3)), 4));
        return TLanes.MultiplySingle(LaneMath<TLanes, V>.LowHalf(head), TLanes.ToSingle(TLanes.Subtract(scale, TLanes.Broadcast(32))));
    }
}

/// <summary>MXFP4: exponent, nibbles[16].</summary>
internal readonly unsafe struct MXFP4Format : INibbleFormat
{
    public static int BlockLength => 32;

    public static int BlockBytes => 17;

    public static int HeaderBytes => 1;

    public static sbyte* Table => CodebookFormats.TwiceE2M1;

    // 2^(e − 128), of which the two least are subnormal.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Scale<TLanes, V>(byte* block, nint stride, int unit)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        V exponent = TLanes.And(TLanes.Gather(block, stride), TLanes.Broadcast(255));
        V normal = TLanes.Subtract(TLanes.ShiftLeft(exponent, 23), TLanes.Broadcast(1 << 23));
        V value = TLanes.Select(TLanes.Equal(exponent, TLanes.Broadcast(0)), TLanes.Broadcast(0x00200000), normal);
        return TLanes.Select(TLanes.Equal(exponent, TLanes.Broadcast(1)), TLanes.Broadcast(0x00400000), value);
    }
}
