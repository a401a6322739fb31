namespace QwenSharp.Numerics;

/// <summary>
/// Reads the block layouts of ggml (ggml-common.h) one element at a time: the definition that the fast kernels are tested against.
/// </summary>
internal static unsafe class BlockDecoder
{
    /// <summary>Elements that share a scale inside a block.</summary>
    public static int GroupLength(TensorType type) => type is TensorType.Q2_K or TensorType.Q3_K or TensorType.Q6_K ? 16 : 32;

    /// <summary>Whether blocks of the type subtract a minimum.</summary>
    public static bool HasMinimum(TensorType type) =>
        type is TensorType.Q4_1 or TensorType.Q5_1 or TensorType.Q2_K or TensorType.Q4_K or TensorType.Q5_K;

    /// <summary>Decodes one block of a quantised type.</summary>
    public static void Decode(TensorType type, byte* block, out DecodedBlock decoded)
    {
        decoded = default;
        switch (type)
        {
            case TensorType.Q8_0:
                decoded.Scale = ReadHalf(block);
                decoded.GroupScales[0] = 1;
                for (int i = 0; i < 32; i++)
                    decoded.Codes[i] = (sbyte)block[2 + i];

                break;
            case TensorType.Q4_0:
                Simple(block, nibbles: block + 2, fifthBits: 0, offset: 8, ref decoded);
                break;
            case TensorType.Q4_1:
                Simple(block, nibbles: block + 4, fifthBits: 0, offset: 0, ref decoded);
                decoded.Minimum = -ReadHalf(block + 2);
                decoded.GroupMinima[0] = 1;
                break;
            case TensorType.Q5_0:
                Simple(block, nibbles: block + 6, fifthBits: ReadUInt32(block + 2), offset: 16, ref decoded);
                break;
            case TensorType.Q5_1:
                Simple(block, nibbles: block + 8, fifthBits: ReadUInt32(block + 4), offset: 0, ref decoded);
                decoded.Minimum = -ReadHalf(block + 2);
                decoded.GroupMinima[0] = 1;
                break;
            case TensorType.Q2_K:
                Q2_K(block, ref decoded);
                break;
            case TensorType.Q3_K:
                Q3_K(block, ref decoded);
                break;
            case TensorType.Q4_K:
                Q4_K(block, codes: block + 16, fifthBits: null, ref decoded);
                break;
            case TensorType.Q5_K:
                Q4_K(block, codes: block + 48, fifthBits: block + 16, ref decoded);
                break;
            case TensorType.Q6_K:
                Q6_K(block, ref decoded);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), $"{type} is not a quantised type.");
        }
    }

    /// <summary>Little-endian half precision at any alignment.</summary>
    public static float ReadHalf(byte* at) => (float)BitConverter.UInt16BitsToHalf((ushort)(at[0] | at[1] << 8));

    /// <summary>Little-endian at any alignment.</summary>
    public static uint ReadUInt32(byte* at) => (uint)(at[0] | at[1] << 8 | at[2] << 16 | at[3] << 24);

    /// <summary>
    /// The scale of one of Q3_K's 16 groups: its low 4 bits in a nibble of bytes 0…7, its high 2 bits in bytes 8…11; it is stored plus 32.
    /// </summary>
    public static short GroupOfQ3_K(byte* scales, int group)
    {
        int low = group < 8 ? scales[group] & 15 : scales[group - 8] >> 4, high = scales[8 + group % 4] >> (group / 4 * 2) & 3;
        return (short)((low | high << 4) - 32);
    }

    /// <summary>
    /// The scale and the minimum of one of Q4_K's and Q5_K's 8 groups: those of groups 0…3 are the low 6 bits of bytes 0…3 and 4…7; those
    /// of
    /// groups 4…7 have their low nibbles in bytes 8…11 and their high 2 bits on top of the former.
    /// </summary>
    public static (short Scale, short Minimum) GroupOfQ4_K(byte* scales, int group) => group < 4
        ? ((short)(scales[group] & 63), (short)(scales[group + 4] & 63))
        : ((short)(scales[group + 4] & 15 | scales[group - 4] >> 6 << 4), (short)(scales[group + 4] >> 4 | scales[group] >> 6 << 4));

    // Low nibbles are the first 16 elements, high nibbles the last 16; bit i of fifthBits belongs to element i.
    private static void Simple(byte* block, byte* nibbles, uint fifthBits, int offset, ref DecodedBlock decoded)
    {
        decoded.Scale = ReadHalf(block);
        decoded.GroupScales[0] = 1;
        for (int i = 0; i < 32; i++)
        {
            int nibble = i < 16 ? nibbles[i] & 15 : nibbles[i - 16] >> 4;
            decoded.Codes[i] = (short)((nibble | (int)(fifthBits >> i & 1) << 4) - offset);
        }
    }

    // scales[16] (low nibble scale, high nibble minimum), codes[64], d, dmin. Element 128n + 32j + l is bits 2j of codes[32n + l].
    private static void Q2_K(byte* block, ref DecodedBlock decoded)
    {
        (decoded.Scale, decoded.Minimum) = (ReadHalf(block + 80), ReadHalf(block + 82));
        for (int g = 0; g < 16; g++)
            (decoded.GroupScales[g], decoded.GroupMinima[g]) = ((short)(block[g] & 15), (short)(block[g] >> 4));

        for (int i = 0; i < 256; i++)
            decoded.Codes[i] = (short)(block[16 + i / 128 * 32 + i % 32] >> (i / 32 % 4 * 2) & 3);
    }

    // third bits[32], codes[64] as in Q2_K, scales[12], d. A third bit that is clear subtracts 4.
    private static void Q3_K(byte* block, ref DecodedBlock decoded)
    {
        byte* scales = block + 96;
        decoded.Scale = ReadHalf(block + 108);
        for (int g = 0; g < 16; g++)
            decoded.GroupScales[g] = GroupOfQ3_K(scales, g);

        for (int i = 0; i < 256; i++)
        {
            int low = block[32 + i / 128 * 32 + i % 32] >> (i / 32 % 4 * 2) & 3, third = block[i % 32] >> (i / 32) & 1;
            decoded.Codes[i] = (short)((low | third << 2) - 4);
        }
    }

    // d, dmin, scales[12], (Q5_K: fifth bits[32],) codes[128]: 64 elements per 32 bytes, low nibbles first.
    private static void Q4_K(byte* block, byte* codes, byte* fifthBits, ref DecodedBlock decoded)
    {
        byte* scales = block + 4;
        (decoded.Scale, decoded.Minimum) = (ReadHalf(block), ReadHalf(block + 2));
        for (int g = 0; g < 8; g++)
            (decoded.GroupScales[g], decoded.GroupMinima[g]) = GroupOfQ4_K(scales, g);

        for (int i = 0; i < 256; i++)
        {
            int code = codes[i / 64 * 32 + i % 32] >> (i / 32 % 2 * 4) & 15;
            if (fifthBits is not null)
                code |= (fifthBits[i % 32] >> (i / 32) & 1) << 4;

            decoded.Codes[i] = (short)code;
        }
    }

    // low nibbles[128], high pairs of bits[64], signed scales[16], d. Stored plus 32.
    private static void Q6_K(byte* block, ref DecodedBlock decoded)
    {
        decoded.Scale = ReadHalf(block + 208);
        for (int g = 0; g < 16; g++)
            decoded.GroupScales[g] = (sbyte)block[192 + g];

        for (int i = 0; i < 256; i++)
        {
            int half = i / 128, quarter = i / 32 % 4, l = i % 32;
            int low = block[half * 64 + quarter % 2 * 32 + l] >> (quarter / 2 * 4) & 15;
            int high = block[128 + half * 32 + l] >> (quarter * 2) & 3;
            decoded.Codes[i] = (short)((low | high << 4) - 32);
        }
    }
}
