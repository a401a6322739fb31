using System.Buffers.Binary;

namespace QwenSharp.Numerics;

/// <summary>Rounds blocks of the types whose codes stand for the entries of a small table, and writes ggml's layouts.</summary>
internal static unsafe class CodebookEncoder
{
    /// <summary>Encodes one block.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="x">The values.</param>
    /// <param name="w">The weights of their errors.</param>
    /// <param name="block">The bytes of the block.</param>
    public static void Encode(TensorType type, float* x, float* w, Span<byte> block)
    {
        block.Clear();
        sbyte* values = stackalloc sbyte[256];
        switch (type)
        {
            case TensorType.IQ4_NL:
                OneScale<NonLinear>(x, w, 32, block, values);
                PackNibbles(values, CodebookDecoder.NonLinear, block[2..]);
                break;
            case TensorType.IQ4_XS:
                IQ4_XS(x, w, block, values);
                break;
            case TensorType.MXFP4:
                MXFP4(x, w, block, values);
                break;
            case TensorType.NVFP4:
                for (int unit = 0; unit < 4; unit++)
                    NVFP4(x + 16 * unit, w + 16 * unit, ref block[unit], block.Slice(4 + 8 * unit, 8), values);

                break;
            case TensorType.TQ1_0:
                OneScale<Trits>(x, w, 256, block[52..], values);
                PackTrits(values, 32, 5, block);
                PackTrits(values + 160, 16, 5, block[32..]);
                PackTrits(values + 240, 4, 4, block[48..]);
                break;
            case TensorType.TQ2_0:
                OneScale<Trits>(x, w, 256, block[64..], values);
                for (int i = 0; i < 256; i++)
                    block[i / 128 * 32 + i % 32] |= (byte)(values[i] + 1 << i / 32 % 4 * 2);

                break;
            case TensorType.Q1_0:
                OneScale<Signs>(x, w, 128, block, values);
                for (int i = 0; i < 128; i++)
                    block[2 + i / 8] |= (byte)(values[i] + 1 >> 1 << i % 8);

                break;
            case TensorType.Q2_0:
                OneScale<TwoBits>(x, w, 64, block, values);
                for (int i = 0; i < 64; i++)
                    block[2 + i / 4] |= (byte)(values[i] + 1 << i % 4 * 2);

                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), $"{type} cannot be written.");
        }
    }

    private static void OneScale<TCodes>(float* x, float* w, int count, Span<byte> half, sbyte* values)
        where TCodes : struct, ICodes =>
        ScaleFit<TCodes>.Round(x, count, BlockEncoder.WriteHalf(half, ScaleFit<TCodes>.Fit(x, w, count)), values);

    private static void IQ4_XS(float* x, float* w, Span<byte> block, sbyte* values)
    {
        Span<int> scales = stackalloc int[8];
        BlockEncoder.WriteHalf(block, GroupScales<NonLinear>.Fit(x, w, groupLength: 32, topScale: 32, scales, values));
        int high = 0;
        for (int g = 0; g < 8; g++)
        {
            int stored = scales[g] + 32;
            block[4 + g / 2] |= (byte)((stored & 15) << g % 2 * 4);
            high |= stored >> 4 << 2 * g;
            PackNibbles(values + 32 * g, CodebookDecoder.NonLinear, block.Slice(8 + 16 * g, 16));
        }

        BinaryPrimitives.WriteUInt16LittleEndian(block[2..], (ushort)high);
    }

    // The exponent that maps the largest value to 4 … 8, and the next, which loses precision but does not cut off.
    private static void MXFP4(float* x, float* w, Span<byte> block, sbyte* values)
    {
        float largest = Largest(x, 32);
        int first = largest > 0 ? Math.Clamp(Math.ILogB(largest) - 2 + 127, 0, 254) : 0;
        float least = float.PositiveInfinity;
        for (int exponent = first; exponent <= Math.Min(first + 1, 254); exponent++)
        {
            float error = ScaleFit<Floats4>.Error(x, w, 32, CodebookDecoder.HalfOfE8M0((byte)exponent), out _, out _);
            if (error < least)
                (least, block[0]) = (error, (byte)exponent);
        }

        ScaleFit<Floats4>.Round(x, 32, CodebookDecoder.HalfOfE8M0(block[0]), values);
        PackNibbles(values, CodebookDecoder.TwiceE2M1, block[1..]);
    }

    // Scales near the one that maps the largest value to 6.
    private static void NVFP4(float* x, float* w, ref byte scale, Span<byte> nibbles, sbyte* values)
    {
        const int Greatest = 126, Below = 4, Above = 6;
        float largest = Largest(x, 16) / 12;
        if (largest > 2 * CodebookDecoder.HalfOfUE4M3(Greatest))
        {
            throw new ArgumentException(
                $"A block needs the scale {2 * largest}, which UE4M3 cannot hold: divide the tensor by a scale of its own.");
        }

        int nearest = 0;
        while (nearest < Greatest && CodebookDecoder.HalfOfUE4M3((byte)nearest) < largest)
            nearest++;

        float least = float.PositiveInfinity;
        for (int code = Math.Max(nearest - Below, 0); code <= Math.Min(nearest + Above, Greatest); code++)
        {
            float error = ScaleFit<Floats4>.Error(x, w, 16, CodebookDecoder.HalfOfUE4M3((byte)code), out _, out _);
            if (error < least)
                (least, scale) = (error, (byte)code);
        }

        ScaleFit<Floats4>.Round(x, 16, CodebookDecoder.HalfOfUE4M3(scale), values);
        PackNibbles(values, CodebookDecoder.TwiceE2M1, nibbles);
    }

    private static float Largest(float* x, int count)
    {
        float largest = 0;
        for (int i = 0; i < count; i++)
            largest = MathF.Max(largest, MathF.Abs(x[i]));

        return largest;
    }

    // The first half of the values goes to the low nibbles.
    private static void PackNibbles(sbyte* values, ReadOnlySpan<sbyte> table, Span<byte> to)
    {
        for (int i = 0; i < to.Length; i++)
            to[i] = (byte)(table.IndexOf(values[i]) | table.IndexOf(values[to.Length + i]) << 4);
    }

    // Trit n of byte m is value n·count + m. A byte is a fraction of 256 in base 3, rounded up, with the first trit first.
    private static void PackTrits(sbyte* values, int count, int trits, Span<byte> to)
    {
        for (int m = 0; m < count; m++)
        {
            int digits = 0;
            for (int n = 0; n < 5; n++)
                digits = 3 * digits + (n < trits ? values[n * count + m] + 1 : 0);

            to[m] = (byte)((digits * 256 + 242) / 243);
        }
    }
}
