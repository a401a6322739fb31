using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>
/// How a type is laid out whose codes are nibbles: a header, then 16 bytes for each unit of 32 columns, whose low nibbles are
/// the first 16 columns.
/// </summary>
internal unsafe interface INibbleFormat
{
    /// <summary>Units of 32 columns in a block.</summary>
    static abstract int Units { get; }

    /// <summary>Bytes of a block before its nibbles.</summary>
    static abstract int HeaderBytes { get; }

    /// <summary>The 16 values of a nibble.</summary>
    static abstract sbyte* Table { get; }

    /// <summary>Writes the scales of a block of each row, F32.</summary>
    /// <param name="block">The first row's block.</param>
    /// <param name="stride">Bytes from a row to the next.</param>
    /// <param name="scales">A register for each unit.</param>
    /// <param name="step">Registers from a unit to the next.</param>
    static abstract void Scales<TLanes, V>(byte* block, nint stride, V* scales, int step)
        where TLanes : struct, ILanes<V>
        where V : unmanaged;
}

/// <summary>Types whose codes are nibbles that stand for the 16 entries of a table: they are looked up in registers.</summary>
internal readonly unsafe struct NibbleFormat<TFormat> : ISignedByteFormat
    where TFormat : struct, INibbleFormat
{
    private const int UnitBytes = 16;

    public static int UnitLength => 32;

    private static int BlockBytes => TFormat.HeaderBytes + UnitBytes * TFormat.Units;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack<TLanes, V, TCodes>(byte* weights, nint stride, int columns, V* codes, V* scales)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
        where TCodes : struct, ISignedCodes
    {
        V nibble = TLanes.Broadcast(0x0f0f0f0f);
        sbyte* table = TFormat.Table;
        for (; columns > 0; columns -= 32 * TFormat.Units, weights += BlockBytes, scales += 2 * TFormat.Units)
        {
            TFormat.Scales<TLanes, V>(weights, stride, scales, step: 2);
            byte* nibbles = weights + TFormat.HeaderBytes;
            for (int unit = 0; unit < TFormat.Units; unit++, nibbles += UnitBytes, codes += 2 * TCodes.RegistersOfFour)
            {
                TLanes.Transpose(nibbles, stride, out V q0, out V q1, out V q2, out V q3);
                TCodes.Store<TLanes, V>(
                    codes,
                    TLanes.LookUp(table, TLanes.And(q0, nibble)),
                    TLanes.LookUp(table, TLanes.And(q1, nibble)),
                    TLanes.LookUp(table, TLanes.And(q2, nibble)),
                    TLanes.LookUp(table, TLanes.And(q3, nibble)));
                TCodes.Store<TLanes, V>(
                    codes + TCodes.RegistersOfFour,
                    TLanes.LookUp(table, TLanes.And(TLanes.ShiftRight(q0, 4), nibble)),
                    TLanes.LookUp(table, TLanes.And(TLanes.ShiftRight(q1, 4), nibble)),
                    TLanes.LookUp(table, TLanes.And(TLanes.ShiftRight(q2, 4), nibble)),
                    TLanes.LookUp(table, TLanes.And(TLanes.ShiftRight(q3, 4), nibble)));
            }
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static V Dot<TLanes, V>(byte* weights, nint stride, int columns, byte* x, nint chunkStride, V sum, byte* next)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        sbyte* table = TFormat.Table;
        V* scales = stackalloc V[8];
        for (; columns > 0; columns -= 256, x += chunkStride)
        {
            byte* codes = x, dx = x + PackedActivations.Scales8, end = x + Math.Min(256, columns);
            while (codes < end)
            {
                Prefetch.Bytes(next, TLanes.Count * BlockBytes);
                next += TLanes.Count * BlockBytes;
                TFormat.Scales<TLanes, V>(weights, stride, scales, step: 1);
                byte* nibbles = weights + TFormat.HeaderBytes;
                for (int unit = 0; unit < TFormat.Units; unit++, nibbles += UnitBytes, codes += 32, dx += 4)
                {
                    int* negatives = (int*)(dx + (PackedActivations.Negatives - PackedActivations.Scales8));
                    V products = TLanes.MultiplyNibbleRows(nibbles, stride, table, codes, negatives);
                    sum = TLanes.FusedMultiplyAdd(
                        TLanes.MultiplySingle(scales[unit], TLanes.Broadcast(dx)),
                        TLanes.ToSingle(products),
                        sum);
                }

                weights += BlockBytes;
            }
        }

        return sum;
    }
}
