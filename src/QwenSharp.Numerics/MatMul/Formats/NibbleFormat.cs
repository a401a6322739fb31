using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>Types whose codes are nibbles that stand for the 16 entries of a table.</summary>
internal readonly unsafe struct NibbleFormat<TFormat> : ICodebookFormat
    where TFormat : struct, INibbleFormat
{
    public static int UnitLength => 32;

    public static bool HasDot => true;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack<TLanes, V>(byte* weights, nint stride, int columns, V* pairs, V* scales)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        V nibble = TLanes.Broadcast(0x0f0f0f0f);
        sbyte* table = TFormat.Table;
        for (; columns > 0; columns -= TFormat.BlockLength, weights += TFormat.BlockBytes)
        {
            byte* nibbles = weights + TFormat.HeaderBytes;
            for (int unit = 0; unit < TFormat.BlockLength / 32; unit++, nibbles += 16, pairs += 32, scales += 2)
            {
                *scales = TFormat.Scale<TLanes, V>(weights, stride, unit);
                TLanes.Transpose(nibbles, stride, out V q0, out V q1, out V q2, out V q3);
                CodebookKernel.StorePairs<TLanes, V>(
                    pairs,
                    TLanes.LookUp(table, TLanes.And(q0, nibble)),
                    TLanes.LookUp(table, TLanes.And(q1, nibble)),
                    TLanes.LookUp(table, TLanes.And(q2, nibble)),
                    TLanes.LookUp(table, TLanes.And(q3, nibble)));
                CodebookKernel.StorePairs<TLanes, V>(
                    pairs + 16,
                    TLanes.LookUp(table, TLanes.And(TLanes.ShiftRight(q0, 4), nibble)),
                    TLanes.LookUp(table, TLanes.And(TLanes.ShiftRight(q1, 4), nibble)),
                    TLanes.LookUp(table, TLanes.And(TLanes.ShiftRight(q2, 4), nibble)),
                    TLanes.LookUp(table, TLanes.And(TLanes.ShiftRight(q3, 4), nibble)));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static V Dot<TLanes, V>(byte* weights, nint stride, int columns, byte* x, nint chunkStride, V sum, byte* next)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        sbyte* table = TFormat.Table;
        int unit = 0;
        byte* nibbles = weights + TFormat.HeaderBytes;
        for (; columns > 0; columns -= 256, x += chunkStride)
        {
            byte* codes = x, scales = x + PackedActivations.Scales8;
            for (byte* end = x + Math.Min(256, columns); codes < end; codes += 32, scales += 4)
            {
                int* negatives = (int*)(scales + (PackedActivations.Negatives - PackedActivations.Scales8));
                V products = TLanes.MultiplyNibbleRows(nibbles, stride, table, codes, negatives);
                V scale = TLanes.MultiplySingle(TFormat.Scale<TLanes, V>(weights, stride, unit), TLanes.Broadcast(scales));
                sum = TLanes.FusedMultiplyAdd(scale, TLanes.ToSingle(products), sum);
                nibbles += 16;
                if (++unit < TFormat.BlockLength / 32)
                    continue;

                Prefetch.Bytes(next, TLanes.Count * TFormat.BlockBytes);
                next += TLanes.Count * TFormat.BlockBytes;
                weights += TFormat.BlockBytes;
                nibbles = weights + TFormat.HeaderBytes;
                unit = 0;
            }
        }

        return sum;
    }
}
