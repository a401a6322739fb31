using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace QwenSharp.Numerics;

public static unsafe partial class Quantization
{
    /// <summary>Converts stored elements to F32, with the same bits as ggml.</summary>
    /// <param name="type">How <paramref name="data"/> is stored: any type with a matrix product.</param>
    /// <param name="data">Whole blocks.</param>
    /// <param name="values">As many floats as there are elements in <paramref name="data"/>.</param>
    /// <exception cref="ArgumentException">The lengths do not fit each other.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The type holds no weights.</exception>
    public static void Dequantize(TensorType type, ReadOnlySpan<byte> data, Span<float> values)
    {
        if (data.Length != type.Bytes(values.Length))
        {
            throw new ArgumentException(
                $"{values.Length} elements of {type} are {type.Bytes(values.Length)} bytes, not {data.Length}.",
                nameof(data));
        }

        fixed (byte* source = data)
            Dequantize(type, source, values);
    }

    internal static void Dequantize(TensorType type, byte* source, Span<float> values)
    {
        fixed (float* target = values)
        {
            switch (type)
            {
                case TensorType.F32:
                    new ReadOnlySpan<byte>(source, values.Length * sizeof(float)).CopyTo(MemoryMarshal.AsBytes(values));
                    break;
                case TensorType.F16:
                    DequantizeF16(source, target, values.Length);
                    break;
                case TensorType.BF16:
                    DequantizeBF16((ushort*)source, target, values.Length);
                    break;
                default:
                    DequantizeBlocks(type, source, target, values.Length);
                    break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DequantizeF16(byte* source, float* values, int length)
    {
        int i = 0;
        for (; i <= length - Simd128.Length; i += Simd128.Length)
            Simd128.LoadHalf((Half*)source + i).Store(values + i);

        for (; i < length; i++)
            values[i] = BlockDecoder.ReadHalf(source + 2 * i);
    }

    // The upper half of a single.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DequantizeBF16(ushort* source, float* values, int length)
    {
        int i = 0;
        for (; i <= length - Vector128<ushort>.Count; i += Vector128<ushort>.Count)
        {
            (Vector128<uint> lower, Vector128<uint> upper) = Vector128.Widen(Vector128.Load(source + i));
            (lower << 16).Store((uint*)values + i);
            (upper << 16).Store((uint*)values + i + 4);
        }

        for (; i < length; i++)
            values[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
    }

    private static void DequantizeBlocks(TensorType type, byte* source, float* values, int length)
    {
        sbyte* codes = stackalloc sbyte[256];
        float* scales = stackalloc float[16],
            minima = stackalloc float[16];
        bool hasCodebook = type.HasCodebook(),
            hasMinimum = !hasCodebook && BlockDecoder.HasMinimum(type);
        int block = type.BlockLength(),
            bytes = type.BlockBytes(),
            unit = hasCodebook ? CodebookDecoder.UnitLength(type) : BlockDecoder.GroupLength(type);
        for (float* end = values + length; values < end; values += block, source += bytes)
        {
            if (hasCodebook)
                CodebookDecoder.Decode(type, source, codes, scales);
            else
                BlockUnpacker.Unpack(type, source, codes, scales, minima);

            for (int i = 0; i < block; i += 16)
            {
                int u = i / unit;
                Scale(codes + i, scales[u], hasMinimum ? minima[u] : 0, values + i);
            }
        }
    }

    // 16 of w = scale · code − minimum. ggml subtracts nothing where there is no minimum; subtracting +0 changes no bit either.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scale(sbyte* codes, float scale, float minimum, float* values)
    {
        (Vector128<short> lower, Vector128<short> upper) = Vector128.Widen(Vector128.Load(codes));
        (Vector128<int> a, Vector128<int> b) = Vector128.Widen(lower);
        (Vector128<int> c, Vector128<int> d) = Vector128.Widen(upper);
        Vector128<float> factor = Vector128.Create(scale), less = Vector128.Create(minimum);
        (factor * Vector128.ConvertToSingle(a) - less).Store(values);
        (factor * Vector128.ConvertToSingle(b) - less).Store(values + 4);
        (factor * Vector128.ConvertToSingle(c) - less).Store(values + 8);
        (factor * Vector128.ConvertToSingle(d) - less).Store(values + 12);
    }
}
