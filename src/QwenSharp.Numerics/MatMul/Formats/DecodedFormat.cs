using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>A type that the compiler knows.</summary>
internal interface IKnownType
{
    static abstract TensorType Type { get; }
}

/// <summary>Types whose codes lie in a table too large for registers, or across bytes: rows are decoded one by one.</summary>
internal readonly unsafe struct DecodedFormat<TType> : ISignedByteFormat
    where TType : struct, IKnownType
{
    private const int RowBytes = 256;

    public static int UnitLength => CodebookDecoder.UnitLength(TType.Type);

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack<TLanes, V, TCodes>(byte* weights, nint stride, int columns, V* codes, V* scales)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
        where TCodes : struct, ISignedCodes
    {
        byte* rows = stackalloc byte[RowBytes * TLanes.Count];
        Decode<TLanes, V>(weights, stride, columns, rows, scales, step: 2);
        for (int column = 0; column < columns; column += 16, codes += TCodes.RegistersOfFour)
        {
            TLanes.Transpose(rows + column, RowBytes, out V q0, out V q1, out V q2, out V q3);
            TCodes.Store<TLanes, V>(codes, q0, q1, q2, q3);
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static V Dot<TLanes, V>(byte* weights, nint stride, int columns, byte* x, nint chunkStride, V sum, byte* next)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        byte* rows = stackalloc byte[RowBytes * TLanes.Count];
        V* scales = stackalloc V[16];
        for (; columns > 0; columns -= 256, x += chunkStride)
        {
            int length = Math.Min(256, columns), bytes = length / TType.Type.BlockLength() * TType.Type.BlockBytes();
            Prefetch.Bytes(next, TLanes.Count * bytes);
            next += TLanes.Count * bytes;
            Decode<TLanes, V>(weights, stride, length, rows, scales, step: 1);
            weights += bytes;
            byte* dx = x + PackedActivations.Scales8;
            V* scale = scales;
            for (int column = 0; column < length; column += 32, dx += 4)
            {
                V factor = TLanes.Broadcast(dx);
                if (UnitLength == 32)
                {
                    V products = TLanes.MultiplyRows(
                        rows + column,
                        RowBytes,
                        x + column,
                        (int*)(dx + (PackedActivations.Negatives - PackedActivations.Scales8)));
                    sum = TLanes.FusedMultiplyAdd(TLanes.MultiplySingle(*scale++, factor), TLanes.ToSingle(products), sum);
                    continue;
                }

                TLanes.MultiplyHalfRows(rows + column, RowBytes, x + column, out V first, out V last);
                sum = TLanes.FusedMultiplyAdd(TLanes.MultiplySingle(*scale++, factor), TLanes.ToSingle(first), sum);
                sum = TLanes.FusedMultiplyAdd(TLanes.MultiplySingle(*scale++, factor), TLanes.ToSingle(last), sum);
            }
        }

        return sum;
    }

    // A chunk of each row: its codes one after the other, its scales as lanes of a register for each unit.
    private static void Decode<TLanes, V>(byte* weights, nint stride, int columns, byte* rows, V* scales, int step)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        int length = TType.Type.BlockLength(), bytes = TType.Type.BlockBytes(), units = length / UnitLength;
        float* rowScales = stackalloc float[16];
        for (int row = 0; row < TLanes.Count; row++, weights += stride, rows += RowBytes)
        {
            byte* block = weights;
            float* to = (float*)scales + row;
            for (int column = 0; column < columns; column += length, block += bytes)
            {
                CodebookDecoder.Decode(TType.Type, block, (sbyte*)rows + column, rowScales);
                for (int unit = 0; unit < units; unit++, to += step * TLanes.Count)
                    *to = rowScales[unit];
            }
        }
    }
}

internal readonly struct NVFP4Type : IKnownType
{
    public static TensorType Type => TensorType.NVFP4;
}

internal readonly struct IQ1_SType : IKnownType
{
    public static TensorType Type => TensorType.IQ1_S;
}

internal readonly struct IQ1_MType : IKnownType
{
    public static TensorType Type => TensorType.IQ1_M;
}

internal readonly struct IQ2_XXSType : IKnownType
{
    public static TensorType Type => TensorType.IQ2_XXS;
}

internal readonly struct IQ2_XSType : IKnownType
{
    public static TensorType Type => TensorType.IQ2_XS;
}

internal readonly struct IQ2_SType : IKnownType
{
    public static TensorType Type => TensorType.IQ2_S;
}

internal readonly struct IQ3_XXSType : IKnownType
{
    public static TensorType Type => TensorType.IQ3_XXS;
}

internal readonly struct IQ3_SType : IKnownType
{
    public static TensorType Type => TensorType.IQ3_S;
}

internal readonly struct TQ1_0Type : IKnownType
{
    public static TensorType Type => TensorType.TQ1_0;
}

internal readonly struct TQ2_0Type : IKnownType
{
    public static TensorType Type => TensorType.TQ2_0;
}

internal readonly struct Q1_0Type : IKnownType
{
    public static TensorType Type => TensorType.Q1_0;
}

internal readonly struct Q2_0Type : IKnownType
{
    public static TensorType Type => TensorType.Q2_0;
}
