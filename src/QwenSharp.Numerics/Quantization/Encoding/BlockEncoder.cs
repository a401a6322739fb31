using System.Buffers.Binary;

namespace QwenSharp.Numerics;

/// <summary>Rounds blocks of 32 floats (Q8_0, Q4_0, Q4_1, Q5_0, Q5_1) and writes ggml's layouts.</summary>
internal static unsafe class BlockEncoder
{
    /// <summary>Encodes one block.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="x">The values.</param>
    /// <param name="w">The weights of their errors.</param>
    /// <param name="block">The bytes of the block.</param>
    public static void Encode(TensorType type, float* x, float* w, Span<byte> block)
    {
        switch (type)
        {
            case TensorType.Q8_0:
                Q8_0(new ReadOnlySpan<float>(x, 32), block);
                break;
            case TensorType.Q4_0:
                Symmetric<FourBits>(x, w, offset: 8, block, block[2..], fifthBits: default);
                break;
            case TensorType.Q5_0:
                Symmetric<FiveBits>(x, w, offset: 16, block, block[6..], block.Slice(2, 4));
                break;
            case TensorType.Q4_1:
                WithConstant(x, w, top: 15, block, block[4..], fifthBits: default);
                break;
            case TensorType.Q5_1:
                WithConstant(x, w, top: 31, block, block[8..], block.Slice(4, 4));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), $"{type} is not a type with blocks of 32.");
        }
    }

    /// <summary>Writes a scale in half precision and returns what a reader will see.</summary>
    /// <exception cref="ArgumentException">It does not fit.</exception>
    public static float WriteHalf(Span<byte> to, float value)
    {
        float half = RoundToHalf(value);
        BinaryPrimitives.WriteHalfLittleEndian(to, (Half)half);
        return half;
    }

    /// <summary>A scale as a reader will see it after it was stored in half precision.</summary>
    /// <exception cref="ArgumentException">It does not fit.</exception>
    public static float RoundToHalf(float value)
    {
        Half half = (Half)value;
        return Half.IsFinite(half)
            ? (float)half
            : throw new ArgumentException($"A block needs the scale {value}, which half precision cannot hold.");
    }

    /// <summary>1 / value, and 0 for 0.</summary>
    public static float Inverse(float value) => MathF.Abs(value) < ActivationQuantizer.Smallest ? 0 : 1 / value;

    private static void Q8_0(ReadOnlySpan<float> x, Span<byte> block)
    {
        float largest = 0;
        foreach (float value in x)
            largest = MathF.Max(largest, MathF.Abs(value));

        float inverse = Inverse(WriteHalf(block, largest / 127));
        for (int i = 0; i < x.Length; i++)
            block[2 + i] = (byte)(sbyte)Math.Clamp(MathF.Round(x[i] * inverse), -127, 127);
    }

    private static void Symmetric<TCodes>(float* x, float* w, int offset, Span<byte> scale, Span<byte> nibbles, Span<byte> fifthBits)
        where TCodes : struct, ICodes
    {
        float d = WriteHalf(scale, ScaleFit<TCodes>.Fit(x, w, 32));
        sbyte* signed = stackalloc sbyte[32];
        ScaleFit<TCodes>.Round(x, 32, d, signed);
        byte* codes = stackalloc byte[32];
        for (int i = 0; i < 32; i++)
            codes[i] = (byte)(signed[i] + offset);

        Pack(codes, nibbles, fifthBits);
    }

    private static void WithConstant(float* x, float* w, int top, Span<byte> scales, Span<byte> nibbles, Span<byte> fifthBits)
    {
        (float scale, float constant) = AffineFit.Fit(x, w, 32, top, float.PositiveInfinity);
        scale = WriteHalf(scales, scale);
        if (scale == 0)
        {
            // What varies less than half precision can tell is its mean.
            AffineSums sums = AffineFit.Sums(x, w, 32, top, 0, 0, origin: 0);
            constant = (float)(sums.X / sums.W);
        }

        constant = WriteHalf(scales[2..], constant);
        byte* codes = stackalloc byte[32];
        AffineFit.Round(x, 32, top, scale, constant, codes);
        Pack(codes, nibbles, fifthBits);
    }

    private static void Pack(byte* codes, Span<byte> nibbles, Span<byte> fifthBits)
    {
        for (int i = 0; i < 16; i++)
            nibbles[i] = (byte)(codes[i] & 15 | (codes[i + 16] & 15) << 4);

        if (fifthBits.IsEmpty)
            return;

        uint bits = 0;
        for (int i = 0; i < 32; i++)
            bits |= (uint)(codes[i] >> 4) << i;

        BinaryPrimitives.WriteUInt32LittleEndian(fifthBits, bits);
    }
}
