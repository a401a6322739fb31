using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>
/// Reads the super-blocks of the IQ1, IQ2 and IQ3 types (ggml-common.h): indices into <see cref="Grids"/>, signs and group scales.
/// </summary>
internal static unsafe class GridDecoder
{
    private const ulong Ones = 0x0101010101010101;

    // d, then for each 32 elements four indices (bytes) and a word of four times 7 signs and a 4-bit scale.
    public static void IQ2_XXS(byte* block, sbyte* codes, float* scales)
    {
        float d = BlockDecoder.ReadHalf(block);
        for (int group = 0; group < 8; group++)
        {
            byte* indices = block + 2 + 8 * group;
            uint signs = BlockDecoder.ReadUInt32(indices + 4);
            scales[group] = d * (0.5f + (signs >> 28)) * 0.25f;
            for (int i = 0; i < 4; i++, codes += 8)
                Store(codes, Grids.IQ2_XXS[indices[i]], Grids.EvenMasks[signs >> 7 * i & 127]);
        }
    }

    // d, 32 words of 9 index bits and 7 signs, 16 4-bit scales.
    public static void IQ2_XS(byte* block, sbyte* codes, float* scales)
    {
        ScalesOf16(block, block + 66, scales);
        for (int i = 0; i < 32; i++, codes += 8)
        {
            uint word = (uint)(block[2 + 2 * i] | block[3 + 2 * i] << 8);
            Store(codes, Grids.IQ2_XS[word & 511], Grids.EvenMasks[word >> 9]);
        }
    }

    // d, 32 indices (8 low bits), 32 bytes of signs, 8 bytes of four 2-bit index tops, 16 4-bit scales.
    public static void IQ2_S(byte* block, sbyte* codes, float* scales)
    {
        ScalesOf16(block, block + 74, scales);
        for (int i = 0; i < 32; i++, codes += 8)
        {
            int top = block[66 + i / 4] >> (i % 4 * 2) & 3;
            Store(codes, Grids.IQ2_S[block[2 + i] | top << 8], Grids.Masks[block[34 + i]]);
        }
    }

    // d, 64 indices, 8 words of four times 7 signs and a 4-bit scale.
    public static void IQ3_XXS(byte* block, sbyte* codes, float* scales)
    {
        float d = BlockDecoder.ReadHalf(block);
        byte* indices = block + 2;
        for (int group = 0; group < 8; group++)
        {
            uint signs = BlockDecoder.ReadUInt32(block + 66 + 4 * group);
            scales[group] = d * (0.5f + (signs >> 28)) * 0.5f;
            for (int i = 0; i < 4; i++, codes += 8, indices += 2)
                Store(codes, Grids.IQ3_XXS[indices[0]] | Grids.IQ3_XXS[indices[1]] << 32, Grids.EvenMasks[signs >> 7 * i & 127]);
        }
    }

    // d, 64 indices (8 low bits), their ninth bits in 8 bytes, 32 bytes of signs, 8 4-bit scales.
    public static void IQ3_S(byte* block, sbyte* codes, float* scales)
    {
        float d = BlockDecoder.ReadHalf(block);
        for (int group = 0; group < 8; group++)
        {
            scales[group] = d * (1 + 2 * (block[106 + group / 2] >> (group % 2 * 4) & 15));
            int ninth = block[66 + group];
            for (int i = 0; i < 4; i++, codes += 8)
            {
                byte* indices = block + 2 + 8 * group + 2 * i;
                ulong first = Grids.IQ3_S[indices[0] | (ninth >> 2 * i & 1) << 8],
                    second = Grids.IQ3_S[indices[1] | (ninth >> 2 * i + 1 & 1) << 8];
                Store(codes, first | second << 32, Grids.Masks[block[74 + 4 * group + i]]);
            }
        }
    }

    // d, 32 indices (8 low bits), 8 words of four times 3 top index bits, a 3-bit scale and the shift's sign.
    public static void IQ1_S(byte* block, sbyte* codes, float* scales)
    {
        float d = BlockDecoder.ReadHalf(block) / 8;
        for (int group = 0; group < 8; group++)
        {
            int word = block[34 + 2 * group] | block[35 + 2 * group] << 8;
            scales[group] = d * (2 * (word >> 12 & 7) + 1);
            ulong shift = Shift(word >> 15);
            for (int i = 0; i < 4; i++, codes += 8)
                StoreShifted(codes, Grids.IQ1[block[2 + 4 * group + i] | (word >> 3 * i & 7) << 8], shift);
        }
    }

    // 32 indices (8 low bits), 16 bytes of twice 3 top index bits and the shift's sign, 4 words of four 3-bit scales and
    // a nibble of the half-precision d.
    public static void IQ1_M(byte* block, sbyte* codes, float* scales)
    {
        byte* words = block + 48;
        int half = 0;
        for (int i = 0; i < 4; i++)
            half |= words[2 * i + 1] >> 4 << 4 * i;

        float d = (float)BitConverter.UInt16BitsToHalf((ushort)half) / 8;
        for (int group = 0; group < 16; group++)
        {
            int word = words[group / 4 * 2] | words[group / 4 * 2 + 1] << 8;
            scales[group] = d * (2 * (word >> (group % 4 * 3) & 7) + 1);
            for (int i = 0; i < 2; i++, codes += 8)
            {
                int top = block[32 + group] >> 4 * i;
                StoreShifted(codes, Grids.IQ1[block[2 * group + i] | (top & 7) << 8], Shift(top & 8));
            }
        }
    }

    private static void ScalesOf16(byte* block, byte* nibbles, float* scales)
    {
        float d = BlockDecoder.ReadHalf(block);
        for (int group = 0; group < 16; group++)
            scales[group] = d * (0.5f + (nibbles[group / 2] >> (group % 2 * 4) & 15)) * 0.25f;
    }

    // −m = ~m + 1, which needs no carry between bytes, as no magnitude is 0.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(sbyte* codes, ulong magnitudes, ulong minus) =>
        Unsafe.WriteUnaligned(codes, (magnitudes ^ minus) + (minus & Ones));

    // Points are stored plus 128, so that 1 more or less needs no carry between bytes.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreShifted(sbyte* codes, ulong point, ulong shift) => Unsafe.WriteUnaligned(codes, point + shift ^ 128 * Ones);

    private static ulong Shift(int minus) => minus == 0 ? Ones : unchecked(0 - Ones);
}
