using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>A type that the compiler knows.</summary>
internal interface IKnownType
{
    static abstract TensorType Type { get; }
}

/// <summary>Types whose codes lie in a table too large for registers, or across bytes: rows are decoded one by one.</summary>
internal readonly unsafe struct DecodedFormat<TType> : ICodebookFormat
    where TType : struct, IKnownType
{
    public static int UnitLength => CodebookDecoder.UnitLength(TType.Type);

    public static bool HasDot => false;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack<TLanes, V>(byte* weights, nint stride, int columns, V* pairs, V* scales)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        int length = TType.Type.BlockLength(), bytes = TType.Type.BlockBytes(), units = length / UnitLength;
        sbyte* rows = stackalloc sbyte[256 * TLanes.Count];
        float* rowScales = stackalloc float[16];
        for (int row = 0; row < TLanes.Count; row++)
        {
            byte* block = weights + row * stride;
            float* to = (float*)scales + row;
            for (int column = 0; column < columns; column += length, block += bytes)
            {
                CodebookDecoder.Decode(TType.Type, block, rows + 256 * row + column, rowScales);
                for (int unit = 0; unit < units; unit++, to += 2 * TLanes.Count)
                    *to = rowScales[unit];
            }
        }

        for (int column = 0; column < columns; column += 16, pairs += 16)
        {
            TLanes.Transpose((byte*)rows + column, 256, out V q0, out V q1, out V q2, out V q3);
            CodebookKernel.StorePairs<TLanes, V>(pairs, q0, q1, q2, q3);
        }
    }

    public static V Dot<TLanes, V>(byte* weights, nint stride, int columns, byte* x, nint chunkStride, V sum, byte* next)
        where TLanes : struct, ILanes<V>
        where V : unmanaged => throw new InvalidOperationException("This type has no product for single tokens.");
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
