using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace QwenSharp.Numerics;

/// <summary>
/// Reads the block layouts of ggml (ggml-common.h) whose codes stand for the entries of a table: w = s·c with a signed byte c
/// and one floating-point scale s for each <em>unit</em> of 16 or 32 elements. Where ggml has an integer scale of the group times a
/// half of the block, their product is exact in F32, so s is that product and w has ggml's bits.
/// </summary>
internal static unsafe class CodebookDecoder
{
    /// <summary>The values of IQ4_NL and IQ4_XS: 16 steps, finer near zero.</summary>
    public static ReadOnlySpan<sbyte> NonLinear => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <summary>Twice the values of E2M1 (OCP Microscaling Formats 1.0, 5.3.3), whose code is sign, exponent, mantissa.</summary>
    public static ReadOnlySpan<sbyte> TwiceE2M1 => [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

    private static ReadOnlySpan<byte> PowersOfThree => [1, 3, 9, 27, 81];

    /// <summary>Elements that share a scale.</summary>
    public static int UnitLength(TensorType type) =>
        type is TensorType.IQ2_XS or TensorType.IQ2_S or TensorType.IQ1_M or TensorType.NVFP4 ? 16 : 32;

    /// <summary>Decodes one block: its codes, and a scale for each of its units.</summary>
    public static void Decode(TensorType type, byte* block, sbyte* codes, float* scales)
    {
        switch (type)
        {
            case TensorType.IQ4_NL:
                scales[0] = BlockDecoder.ReadHalf(block);
                Nibbles(block + 2, NonLinear, codes);
                break;
            case TensorType.IQ4_XS:
                IQ4_XS(block, codes, scales);
                break;
            case TensorType.MXFP4:
                scales[0] = HalfOfE8M0(block[0]);
                Nibbles(block + 1, TwiceE2M1, codes);
                break;
            case TensorType.NVFP4:
                for (int unit = 0; unit < 4; unit++)
                {
                    scales[unit] = HalfOfUE4M3(block[unit]);
                    EightNibbles(block + 4 + 8 * unit, TwiceE2M1, codes + 16 * unit);
                }

                break;
            case TensorType.TQ1_0:
                Fill(scales, 8, BlockDecoder.ReadHalf(block + 52));
                TQ1_0(block, codes);
                break;
            case TensorType.TQ2_0:
                Fill(scales, 8, BlockDecoder.ReadHalf(block + 64));
                TQ2_0(block, codes);
                break;
            case TensorType.Q1_0:
                Fill(scales, 4, BlockDecoder.ReadHalf(block));
                for (int i = 0; i < 16; i++)
                    Unsafe.WriteUnaligned(codes + 8 * i, ~Grids.Masks[block[2 + i]] | 0x0101010101010101);

                break;
            case TensorType.Q2_0:
                Fill(scales, 2, BlockDecoder.ReadHalf(block));
                for (int i = 0; i < 16; i++)
                    Unsafe.WriteUnaligned(codes + 4 * i, FourPairs(block[2 + i]));

                break;
            case TensorType.IQ1_S:
                GridDecoder.IQ1_S(block, codes, scales);
                break;
            case TensorType.IQ1_M:
                GridDecoder.IQ1_M(block, codes, scales);
                break;
            case TensorType.IQ2_XXS:
                GridDecoder.IQ2_XXS(block, codes, scales);
                break;
            case TensorType.IQ2_XS:
                GridDecoder.IQ2_XS(block, codes, scales);
                break;
            case TensorType.IQ2_S:
                GridDecoder.IQ2_S(block, codes, scales);
                break;
            case TensorType.IQ3_XXS:
                GridDecoder.IQ3_XXS(block, codes, scales);
                break;
            case TensorType.IQ3_S:
                GridDecoder.IQ3_S(block, codes, scales);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), $"{type} has no codebook.");
        }
    }

    /// <summary>2^(e − 128): half of what an E8M0 exponent means, since codes are twice the values. No code is NaN, as in ggml.</summary>
    public static float HalfOfE8M0(byte exponent) =>
        BitConverter.Int32BitsToSingle(exponent < 2 ? 0x00200000 << exponent : (exponent - 1) << 23);

    /// <summary>
    /// Half of a UE4M3 number: four bits of exponent, biased by 7, and three of mantissa. Code 127 is 0, as in ggml; the top bit means
    /// nothing.
    /// </summary>
    public static float HalfOfUE4M3(byte code)
    {
        int exponent = code >> 3 & 15, mantissa = code & 7;
        if (code == 127)
            return 0;

        return exponent == 0 ? mantissa * (1 / 1024f) : BitConverter.Int32BitsToSingle((exponent - 8 + 127) << 23 | mantissa << 20);
    }

    // Of 16 bytes the low nibbles are the first 16 elements, the high ones the others.
    private static void Nibbles(byte* nibbles, ReadOnlySpan<sbyte> values, sbyte* codes)
    {
        Vector128<sbyte> table = Vector128.Create(values), fifteen = Vector128.Create((sbyte)15), bytes = Vector128.Load((sbyte*)nibbles);
        Vector128.ShuffleNative(table, bytes & fifteen).Store(codes);
        Vector128.ShuffleNative(table, (bytes.AsInt32() >>> 4).AsSByte() & fifteen).Store(codes + 16);
    }

    // Of 8 bytes the low nibbles are the first 8 elements, the high ones the others.
    private static void EightNibbles(byte* nibbles, ReadOnlySpan<sbyte> values, sbyte* codes)
    {
        ulong bytes = Unsafe.ReadUnaligned<ulong>(nibbles), fifteen = 0x0f0f0f0f0f0f0f0f;
        Vector128<sbyte> indices = Vector128.Create(bytes & fifteen, bytes >> 4 & fifteen).AsSByte();
        Vector128.ShuffleNative(Vector128.Create(values), indices).Store(codes);
    }

    // d, 8 pairs of high scale bits, 8 nibbles of low ones (stored plus 32), nibbles[128]: 32 elements in 16 bytes.
    private static void IQ4_XS(byte* block, sbyte* codes, float* scales)
    {
        float d = BlockDecoder.ReadHalf(block);
        int high = block[2] | block[3] << 8;
        for (int unit = 0; unit < 8; unit++)
        {
            scales[unit] = d * ((block[4 + unit / 2] >> (unit % 2 * 4) & 15 | (high >> 2 * unit & 3) << 4) - 32);
            Nibbles(block + 8 + 16 * unit, NonLinear, codes + 32 * unit);
        }
    }

    // The pairs of bits of a byte, less 1: q + 127 is below 256, and without its top bit q − 1.
    private static uint FourPairs(uint bits) => ((bits | bits << 6 | bits << 12 | bits << 18) & 0x03030303) + 0x7f7f7f7f ^ 0x80808080;

    // Element 128n + 32j + l is bits 2j of byte 32n + l, stored plus 1.
    private static void TQ2_0(byte* block, sbyte* codes)
    {
        for (int i = 0; i < 64; i += 16)
        {
            Vector128<int> pairs = Vector128.Load(block + i).AsInt32();
            for (int j = 0; j < 4; j++, pairs >>>= 2)
                ((pairs.AsSByte() & Vector128.Create((sbyte)3)) - Vector128<sbyte>.One).Store(codes + i / 32 * 128 + 32 * j + i % 32);
        }
    }

    // 5 trits a byte in 32 and then 16 bytes, 4 in the last 4: element n·(bytes of the run) + m is trit n of byte m.
    // A byte is a fraction of 256 in base 3, whose first digit is the integer part of three times it.
    private static void TQ1_0(byte* block, sbyte* codes)
    {
        for (int n = 0; n < 5; n++)
        {
            Trits(block, n, codes + 32 * n);
            Trits(block + 16, n, codes + 32 * n + 16);
            Trits(block + 32, n, codes + 160 + 16 * n);
        }

        for (int i = 0; i < 16; i++)
            codes[240 + i] = (sbyte)(((byte)(block[48 + i % 4] * PowersOfThree[i / 4]) * 3 >> 8) - 1);
    }

    // Trit n of 16 bytes.
    private static void Trits(byte* bytes, int n, sbyte* codes)
    {
        (Vector128<ushort> lower, Vector128<ushort> upper) = Vector128.Widen(Vector128.Load(bytes));
        Vector128<ushort> power = Vector128.Create((ushort)PowersOfThree[n]),
            three = Vector128.Create((ushort)3),
            fraction = Vector128.Create((ushort)255);
        lower = (lower * power & fraction) * three >>> 8;
        upper = (upper * power & fraction) * three >>> 8;
        (Vector128.Narrow(lower, upper).AsSByte() - Vector128<sbyte>.One).Store(codes);
    }

    private static void Fill(float* scales, int units, float scale)
    {
        for (int unit = 0; unit < units; unit++)
            scales[unit] = scale;
    }
}
