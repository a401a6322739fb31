namespace QwenSharp.Numerics;

/// <summary>Rounds super-blocks of 256 floats (Q2_K … Q6_K) and writes ggml's layouts.</summary>
internal static unsafe class SuperBlockEncoder
{
    /// <summary>Encodes one super-block.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="x">The values.</param>
    /// <param name="w">The weights of their errors.</param>
    /// <param name="block">The bytes of the super-block.</param>
    public static void Encode(TensorType type, float* x, float* w, Span<byte> block)
    {
        block.Clear();
        Span<byte> codes = stackalloc byte[256];
        Span<int> scales = stackalloc int[16], minima = stackalloc int[16];
        switch (type)
        {
            case TensorType.Q2_K:
                WithMinima(x, w, groupLength: 16, top: 3, topScale: 15, block[80..], scales, minima, codes);
                for (int g = 0; g < 16; g++)
                    block[g] = (byte)(scales[g] | minima[g] << 4);

                PackPairs(codes, block[16..]);
                break;
            case TensorType.Q3_K:
                Symmetric<ThreeBits>(x, w, offset: 4, topScale: 32, block[108..], scales, codes);
                PackQ3Scales(scales, block[96..]);
                PackPairs(codes, block[32..]);
                for (int i = 0; i < 256; i++)
                    block[i % 32] |= (byte)(codes[i] >> 2 << i / 32);

                break;
            case TensorType.Q4_K:
                WithMinima(x, w, groupLength: 32, top: 15, topScale: 63, block, scales, minima, codes);
                PackQ4Scales(scales, minima, block[4..]);
                PackNibbles(codes, block[16..]);
                break;
            case TensorType.Q5_K:
                WithMinima(x, w, groupLength: 32, top: 31, topScale: 63, block, scales, minima, codes);
                PackQ4Scales(scales, minima, block[4..]);
                PackNibbles(codes, block[48..]);
                for (int i = 0; i < 256; i++)
                    block[16 + i % 32] |= (byte)(codes[i] >> 4 << i / 32);

                break;
            case TensorType.Q6_K:
                Symmetric<SixBits>(x, w, offset: 32, topScale: 128, block[208..], scales, codes);
                PackQ6(scales, codes, block);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), $"{type} is not a type with super-blocks.");
        }
    }

    private static void WithMinima(
        float* x, float* w, int groupLength, int top, int topScale, Span<byte> halves, Span<int> scales, Span<int> minima, Span<byte> codes)
    {
        fixed (byte* to = codes)
        {
            (float d, float dmin) = GroupMinima.Fit(x, w, groupLength, top, topScale, scales, minima, to);
            BlockEncoder.WriteHalf(halves, d);
            BlockEncoder.WriteHalf(halves[2..], dmin);
        }
    }

    private static void Symmetric<TCodes>(float* x, float* w, int offset, int topScale, Span<byte> half, Span<int> scales, Span<byte> codes)
        where TCodes : struct, ICodes
    {
        sbyte* signed = stackalloc sbyte[256];
        BlockEncoder.WriteHalf(half, GroupScales<TCodes>.Fit(x, w, groupLength: 16, topScale, scales, signed));
        for (int i = 0; i < 256; i++)
            codes[i] = (byte)(signed[i] + offset);
    }

    // Two bits a code: 128 elements in 32 bytes.
    private static void PackPairs(ReadOnlySpan<byte> codes, Span<byte> to)
    {
        for (int i = 0; i < 256; i++)
            to[i / 128 * 32 + i % 32] |= (byte)((codes[i] & 3) << i / 32 % 4 * 2);
    }

    private static void PackNibbles(ReadOnlySpan<byte> codes, Span<byte> to)
    {
        for (int i = 0; i < 256; i++)
            to[i / 64 * 32 + i % 32] |= (byte)((codes[i] & 15) << i / 32 % 2 * 4);
    }

    private static void PackQ3Scales(ReadOnlySpan<int> scales, Span<byte> to)
    {
        for (int g = 0; g < 16; g++)
        {
            int stored = scales[g] + 32;
            to[g % 8] |= (byte)((stored & 15) << g / 8 * 4);
            to[8 + g % 4] |= (byte)(stored >> 4 << g / 4 * 2);
        }
    }

    private static void PackQ4Scales(ReadOnlySpan<int> scales, ReadOnlySpan<int> minima, Span<byte> to)
    {
        for (int g = 0; g < 4; g++)
        {
            to[g] = (byte)(scales[g] | scales[g + 4] >> 4 << 6);
            to[g + 4] = (byte)(minima[g] | minima[g + 4] >> 4 << 6);
            to[g + 8] = (byte)(scales[g + 4] & 15 | (minima[g + 4] & 15) << 4);
        }
    }

    private static void PackQ6(ReadOnlySpan<int> scales, ReadOnlySpan<byte> codes, Span<byte> block)
    {
        for (int g = 0; g < 16; g++)
            block[192 + g] = (byte)(sbyte)scales[g];

        for (int i = 0; i < 256; i++)
        {
            int half = i / 128, quarter = i / 32 % 4, l = i % 32;
            block[half * 64 + quarter % 2 * 32 + l] |= (byte)((codes[i] & 15) << quarter / 2 * 4);
            block[128 + half * 32 + l] |= (byte)(codes[i] >> 4 << quarter * 2);
        }
    }
}
