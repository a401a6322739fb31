using System.Buffers.Binary;

namespace QwenSharp.Numerics;

/// <summary>Rounds blocks of 32 floats (Q8_0, Q4_0, Q4_1, Q5_0, Q5_1) and writes ggml's layouts.</summary>
internal static class BlockEncoder
{
    /// <summary>Encodes one block.</summary>
    public static void Encode(TensorType type, ReadOnlySpan<float> x, Span<byte> block)
    {
        switch (type)
        {
            case TensorType.Q8_0:
                Q8_0(x, block);
                break;
            case TensorType.Q4_0:
                Symmetric(x, half: 8, block, block[2..], fifthBits: default);
                break;
            case TensorType.Q5_0:
                Symmetric(x, half: 16, block, block[6..], block.Slice(2, 4));
                break;
            case TensorType.Q4_1:
                WithMinimum(x, top: 15, block, block[4..], fifthBits: default);
                break;
            case TensorType.Q5_1:
                WithMinimum(x, top: 31, block, block[8..], block.Slice(4, 4));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), $"{type} is not a type with blocks of 32.");
        }
    }

    /// <summary>Writes a scale in half precision and returns what a reader will see.</summary>
    /// <exception cref="ArgumentException">It does not fit.</exception>
    public static float WriteHalf(Span<byte> to, float value)
    {
        Half half = (Half)value;
        if (!Half.IsFinite(half))
            throw new ArgumentException($"A block needs the scale {value}, which half precision cannot hold.");

        BinaryPrimitives.WriteHalfLittleEndian(to, half);
        return (float)half;
    }

    /// <summary>1 / value, and 0 for 0.</summary>
    public static float Inverse(float value) => MathF.Abs(value) < ActivationQuantizer.Smallest ? 0 : 1 / value;

    private static void Q8_0(ReadOnlySpan<float> x, Span<byte> block)
    {
        float largest = 0;
        foreach (float value in x)
            largest = MathF.Max(largest, MathF.Abs(value));

        // Codes come from the scale before it is rounded to half, as the field does.
        float inverse = Inverse(largest / 127);
        WriteHalf(block, largest / 127);
        for (int i = 0; i < x.Length; i++)
            block[2 + i] = (byte)(sbyte)Math.Clamp(MathF.Round(x[i] * inverse), -127, 127);
    }

    private static void Symmetric(ReadOnlySpan<float> x, int half, Span<byte> scale, Span<byte> nibbles, Span<byte> fifthBits)
    {
        float inverse = Inverse(WriteHalf(scale, GroupFit.Symmetric(x, half)));
        Span<byte> codes = stackalloc byte[32];
        for (int i = 0; i < x.Length; i++)
            codes[i] = (byte)(Math.Clamp(MathF.Round(x[i] * inverse), -half, half - 1) + half);

        Pack(codes, nibbles, fifthBits);
    }

    private static void WithMinimum(ReadOnlySpan<float> x, int top, Span<byte> scales, Span<byte> nibbles, Span<byte> fifthBits)
    {
        // The stored constant may have either sign here, so a group above zero is shifted down to start at zero.
        float low = x[0];
        foreach (float value in x)
            low = MathF.Min(low, value);

        Span<float> shifted = stackalloc float[32];
        float shift = MathF.Max(low, 0);
        for (int i = 0; i < x.Length; i++)
            shifted[i] = x[i] - shift;

        (float scale, float minimum) = GroupFit.WithMinimum(shifted, top);
        float inverse = Inverse(WriteHalf(scales, scale)), constant = WriteHalf(scales[2..], shift - minimum);
        Span<byte> codes = stackalloc byte[32];
        for (int i = 0; i < x.Length; i++)
            codes[i] = (byte)Math.Clamp(MathF.Round((x[i] - constant) * inverse), 0, top);

        Pack(codes, nibbles, fifthBits);
    }

    private static void Pack(ReadOnlySpan<byte> codes, Span<byte> nibbles, Span<byte> fifthBits)
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
