using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace QwenSharp.Numerics;

/// <summary>
/// Conversion between F32 and the storage types of weights. Block layouts and the formulas that decode them are ggml's;
/// the search for good codes when encoding is our own.
/// </summary>
public static unsafe class Quantization
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
            throw new ArgumentException($"{values.Length} elements of {type} are {type.Bytes(values.Length)} bytes, not {data.Length}.", nameof(data));

        fixed (byte* source = data)
            Dequantize(type, source, values);
    }

    /// <summary>Rounds F32 to a storage type. Not every block can hold every value: the errors are those of the type.</summary>
    /// <param name="type">Any type with a matrix product.</param>
    /// <param name="values">Whole blocks of finite values.</param>
    /// <param name="data">As many bytes as the elements take.</param>
    /// <exception cref="ArgumentException">The lengths do not fit each other, a value is not finite, or a block is too large for its half-precision scale.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The type holds no weights.</exception>
    public static void Quantize(TensorType type, ReadOnlySpan<float> values, Span<byte> data)
    {
        if (data.Length != type.Bytes(values.Length))
            throw new ArgumentException($"{values.Length} elements of {type} are {type.Bytes(values.Length)} bytes, not {data.Length}.", nameof(data));

        int length = type.BlockLength(), bytes = type.BlockBytes();
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
                throw new ArgumentException($"Element {i} is {values[i]}; only finite values can be quantised.", nameof(values));
        }

        for (int b = 0; b * length < values.Length; b++)
        {
            ReadOnlySpan<float> x = values.Slice(b * length, length);
            Span<byte> block = data.Slice(b * bytes, bytes);
            switch (type)
            {
                case TensorType.F32:
                    BinaryPrimitives.WriteSingleLittleEndian(block, x[0]);
                    break;
                case TensorType.F16:
                    BinaryPrimitives.WriteHalfLittleEndian(block, (Half)x[0]);
                    break;
                case TensorType.BF16:
                    BinaryPrimitives.WriteUInt16LittleEndian(block, RoundToBFloat16(x[0]));
                    break;
                default:
                    if (length == 256)
                        SuperBlockEncoder.Encode(type, x, block);
                    else
                        BlockEncoder.Encode(type, x, block);

                    break;
            }
        }
    }

    // Nearest, ties to even.
    private static ushort RoundToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)(bits + 0x7fff + (bits >> 16 & 1) >> 16);
    }

    internal static void Dequantize(TensorType type, byte* source, Span<float> values)
    {
        switch (type)
        {
            case TensorType.F32:
                new ReadOnlySpan<byte>(source, values.Length * sizeof(float)).CopyTo(MemoryMarshal.AsBytes(values));
                return;
            case TensorType.F16:
                for (int i = 0; i < values.Length; i++)
                    values[i] = BlockDecoder.ReadHalf(source + 2 * i);

                return;
            case TensorType.BF16:
                for (int i = 0; i < values.Length; i++)
                    values[i] = BitConverter.UInt32BitsToSingle((uint)(source[2 * i] << 16 | source[2 * i + 1] << 24));

                return;
        }

        int length = type.BlockLength(), group = BlockDecoder.GroupLength(type);
        for (int start = 0; start < values.Length; start += length, source += type.BlockBytes())
        {
            BlockDecoder.Decode(type, source, out DecodedBlock block);
            for (int i = 0; i < length; i++)
            {
                float scale = block.Scale * block.GroupScales[i / group];
                values[start + i] = scale * block.Codes[i] - block.Minimum * block.GroupMinima[i / group];
            }
        }
    }
}
