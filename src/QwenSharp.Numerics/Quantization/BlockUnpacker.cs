using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace QwenSharp.Numerics;

/// <summary>
/// Reads the block layouts of ggml that <see cref="BlockDecoder"/> defines, 16 elements at a time:
/// w = s·c − m with a signed byte c, and s and m for each group of <see cref="BlockDecoder.GroupLength"/> elements.
/// </summary>
internal static unsafe class BlockUnpacker
{
    /// <summary>Unpacks one block: its codes, and for each group the scale and, where the type has one, the minimum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(TensorType type, byte* block, sbyte* codes, float* scales, float* minima)
    {
        switch (type)
        {
            case TensorType.Q8_0:
                scales[0] = BlockDecoder.ReadHalf(block);
                Unsafe.CopyBlockUnaligned(codes, block + 2, 32);
                break;
            case TensorType.Q4_0:
                scales[0] = BlockDecoder.ReadHalf(block);
                Nibbles(block + 2, codes, codes + 16, offset: 8);
                break;
            case TensorType.Q4_1:
                scales[0] = BlockDecoder.ReadHalf(block);
                minima[0] = -BlockDecoder.ReadHalf(block + 2);
                Nibbles(block + 4, codes, codes + 16, offset: 0);
                break;
            case TensorType.Q5_0:
                scales[0] = BlockDecoder.ReadHalf(block);
                Fives(block + 6, block + 2, codes, offset: 16);
                break;
            case TensorType.Q5_1:
                scales[0] = BlockDecoder.ReadHalf(block);
                minima[0] = -BlockDecoder.ReadHalf(block + 2);
                Fives(block + 8, block + 4, codes, offset: 0);
                break;
            case TensorType.Q2_K:
                Q2_K(block, codes, scales, minima);
                break;
            case TensorType.Q3_K:
                Q3_K(block, codes, scales);
                break;
            case TensorType.Q4_K:
                GroupsOfQ4_K(block, scales, minima);
                for (int i = 0; i < 128; i += 16)
                    Nibbles(block + 16 + i, codes + i / 32 * 64 + i % 32, codes + i / 32 * 64 + 32 + i % 32, offset: 0);

                break;
            case TensorType.Q5_K:
                GroupsOfQ4_K(block, scales, minima);
                Q5_K(block, codes);
                break;
            case TensorType.Q6_K:
                Q6_K(block, codes, scales);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), $"{type} is not a quantised type without a codebook.");
        }
    }

    // Of 16 bytes the low nibbles are 16 elements, the high ones others.
    private static void Nibbles(byte* nibbles, sbyte* low, sbyte* high, sbyte offset)
    {
        Vector128<byte> bytes = Vector128.Load(nibbles);
        (Bits(bytes, 0, 15).AsSByte() - Vector128.Create(offset)).Store(low);
        (Bits(bytes, 4, 15).AsSByte() - Vector128.Create(offset)).Store(high);
    }

    // As nibbles, and bit i of four bytes is on top of element i.
    private static void Fives(byte* nibbles, byte* fifthBits, sbyte* codes, sbyte offset)
    {
        Nibbles(nibbles, codes, codes + 16, offset: 0);
        for (int i = 0; i < 32; i += 16)
        {
            Vector128<sbyte> fifth =
                Vector128.Create(Grids.Masks[fifthBits[i / 8]], Grids.Masks[fifthBits[i / 8 + 1]]).AsSByte() & Vector128.Create((sbyte)16);
            ((Vector128.Load(codes + i) | fifth) - Vector128.Create(offset)).Store(codes + i);
        }
    }

    private static void Q2_K(byte* block, sbyte* codes, float* scales, float* minima)
    {
        float d = BlockDecoder.ReadHalf(block + 80), least = BlockDecoder.ReadHalf(block + 82);
        for (int g = 0; g < 16; g++)
            (scales[g], minima[g]) = (d * (block[g] & 15), least * (block[g] >> 4));

        for (int i = 0; i < 64; i += 16, block += 16)
        {
            Vector128<byte> pairs = Vector128.Load(block + 16);
            sbyte* to = codes + i / 32 * 128 + i % 32;
            for (int j = 0; j < 4; j++)
                Bits(pairs, 2 * j, 3).AsSByte().Store(to + 32 * j);
        }
    }

    private static void Q3_K(byte* block, sbyte* codes, float* scales)
    {
        float d = BlockDecoder.ReadHalf(block + 108);
        for (int g = 0; g < 16; g++)
            scales[g] = d * BlockDecoder.GroupOfQ3_K(block + 96, g);

        for (int i = 0; i < 64; i += 16)
        {
            Vector128<byte> pairs = Vector128.Load(block + 32 + i), thirds = Vector128.Load(block + i % 32);
            sbyte* to = codes + i / 32 * 128 + i % 32;
            for (int j = 0; j < 4; j++)
            {
                Vector128<byte> third = Bits(thirds, i / 32 * 4 + j, 1);
                ((Bits(pairs, 2 * j, 3) | (third.AsUInt16() << 2).AsByte()).AsSByte() - Vector128.Create((sbyte)4)).Store(to + 32 * j);
            }
        }
    }

    private static void GroupsOfQ4_K(byte* block, float* scales, float* minima)
    {
        float d = BlockDecoder.ReadHalf(block), least = BlockDecoder.ReadHalf(block + 2);
        for (int g = 0; g < 8; g++)
        {
            (int scale, int minimum) = BlockDecoder.GroupOfQ4_K(block + 4, g);
            (scales[g], minima[g]) = (d * scale, least * minimum);
        }
    }

    private static void Q5_K(byte* block, sbyte* codes)
    {
        for (int i = 0; i < 128; i += 16)
        {
            Vector128<byte> nibbles = Vector128.Load(block + 48 + i), fifths = Vector128.Load(block + 16 + i % 32);
            sbyte* to = codes + i / 32 * 64 + i % 32;
            (Bits(nibbles, 0, 15) | (Bits(fifths, i / 32 * 2, 1).AsUInt16() << 4).AsByte()).AsSByte().Store(to);
            (Bits(nibbles, 4, 15) | (Bits(fifths, i / 32 * 2 + 1, 1).AsUInt16() << 4).AsByte()).AsSByte().Store(to + 32);
        }
    }

    private static void Q6_K(byte* block, sbyte* codes, float* scales)
    {
        float d = BlockDecoder.ReadHalf(block + 208);
        for (int g = 0; g < 16; g++)
            scales[g] = d * (sbyte)block[192 + g];

        for (int i = 0; i < 64; i += 16)
        {
            int half = i / 32,
                l = i % 32;
            Vector128<byte> first = Vector128.Load(block + 64 * half + l),
                second = Vector128.Load(block + 64 * half + 32 + l),
                pairs = Vector128.Load(block + 128 + i);
            sbyte* to = codes + 128 * half + l;
            Six(Bits(first, 0, 15), Bits(pairs, 0, 3)).Store(to);
            Six(Bits(second, 0, 15), Bits(pairs, 2, 3)).Store(to + 32);
            Six(Bits(first, 4, 15), Bits(pairs, 4, 3)).Store(to + 64);
            Six(Bits(second, 4, 15), Bits(pairs, 6, 3)).Store(to + 96);
        }

        static Vector128<sbyte> Six(Vector128<byte> low, Vector128<byte> high) =>
            (low | (high.AsUInt16() << 4).AsByte()).AsSByte() - Vector128.Create((sbyte)32);
    }

    /// <summary>Some bits of each byte, shifted down. The 16-bit shift brings in a neighbour's bits, which the mask takes away.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Bits(Vector128<byte> bytes, int shift, byte mask) =>
        (bytes.AsUInt16() >>> shift).AsByte() & Vector128.Create(mask);
}
