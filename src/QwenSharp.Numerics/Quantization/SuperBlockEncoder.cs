namespace QwenSharp.Numerics;

/// <summary>Rounds super-blocks of 256 floats (Q2_K … Q6_K): a fit for each group, then the groups' scales rounded under one scale of the super-block.</summary>
internal static class SuperBlockEncoder
{
    /// <summary>Encodes one super-block.</summary>
    public static void Encode(TensorType type, ReadOnlySpan<float> x, Span<byte> block)
    {
        block.Clear();
        Span<byte> codes = stackalloc byte[256];
        Span<int> scales = stackalloc int[16], minima = stackalloc int[16];
        switch (type)
        {
            case TensorType.Q2_K:
                WithMinimum(x, groupLength: 16, top: 3, topScale: 15, block[80..], scales, minima, codes);
                for (int g = 0; g < 16; g++)
                    block[g] = (byte)(scales[g] | minima[g] << 4);

                PackPairs(codes, block[16..]);
                break;
            case TensorType.Q3_K:
                Symmetric(x, half: 4, topScale: 32, block[108..], scales, codes);
                PackQ3Scales(scales, block[96..]);
                PackPairs(codes, block[32..]);
                for (int i = 0; i < 256; i++)
                    block[i % 32] |= (byte)(codes[i] >> 2 << i / 32);

                break;
            case TensorType.Q4_K:
                WithMinimum(x, groupLength: 32, top: 15, topScale: 63, block, scales, minima, codes);
                PackQ4Scales(scales, minima, block[4..]);
                PackNibbles(codes, block[16..]);
                break;
            case TensorType.Q5_K:
                WithMinimum(x, groupLength: 32, top: 31, topScale: 63, block, scales, minima, codes);
                PackQ4Scales(scales, minima, block[4..]);
                PackNibbles(codes, block[48..]);
                for (int i = 0; i < 256; i++)
                    block[16 + i % 32] |= (byte)(codes[i] >> 4 << i / 32);

                break;
            case TensorType.Q6_K:
                Symmetric(x, half: 32, topScale: 128, block[208..], scales, codes);
                PackQ6(scales, codes, block);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), $"{type} is not a type with super-blocks.");
        }
    }

    private static void WithMinimum(
        ReadOnlySpan<float> x, int groupLength, int top, int topScale, Span<byte> halves, Span<int> scales, Span<int> minima, Span<byte> codes)
    {
        int groups = 256 / groupLength;
        Span<(float Scale, float Minimum)> fits = stackalloc (float, float)[groups];
        float largestScale = 0, largestMinimum = 0;
        for (int g = 0; g < groups; g++)
        {
            fits[g] = GroupFit.WithMinimum(x.Slice(g * groupLength, groupLength), top);
            largestScale = MathF.Max(largestScale, fits[g].Scale);
            largestMinimum = MathF.Max(largestMinimum, fits[g].Minimum);
        }

        float d = BlockEncoder.WriteHalf(halves, largestScale / topScale), dmin = BlockEncoder.WriteHalf(halves[2..], largestMinimum / topScale);
        float inverseD = BlockEncoder.Inverse(d), inverseMinimum = BlockEncoder.Inverse(dmin);
        for (int g = 0; g < groups; g++)
        {
            scales[g] = (int)Math.Clamp(MathF.Round(fits[g].Scale * inverseD), 0, topScale);
            minima[g] = (int)Math.Clamp(MathF.Round(fits[g].Minimum * inverseMinimum), 0, topScale);
            float inverse = BlockEncoder.Inverse(d * scales[g]), minimum = dmin * minima[g];
            for (int i = g * groupLength; i < (g + 1) * groupLength; i++)
                codes[i] = (byte)Math.Clamp(MathF.Round((x[i] + minimum) * inverse), 0, top);
        }
    }

    // Codes are stored plus half; the group with the largest scale maps to −topScale, since that end has one value more.
    private static void Symmetric(ReadOnlySpan<float> x, int half, int topScale, Span<byte> halves, Span<int> scales, Span<byte> codes)
    {
        Span<float> fits = stackalloc float[16];
        float extreme = 0;
        for (int g = 0; g < 16; g++)
        {
            fits[g] = GroupFit.Symmetric(x.Slice(g * 16, 16), half);
            extreme = MathF.Abs(fits[g]) > MathF.Abs(extreme) ? fits[g] : extreme;
        }

        float d = BlockEncoder.WriteHalf(halves, extreme / -topScale), inverseD = BlockEncoder.Inverse(d);
        for (int g = 0; g < 16; g++)
        {
            scales[g] = (int)Math.Clamp(MathF.Round(fits[g] * inverseD), -topScale, topScale - 1);
            float inverse = BlockEncoder.Inverse(d * scales[g]);
            for (int i = g * 16; i < (g + 1) * 16; i++)
                codes[i] = (byte)(Math.Clamp(MathF.Round(x[i] * inverse), -half, half - 1) + half);
        }
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
