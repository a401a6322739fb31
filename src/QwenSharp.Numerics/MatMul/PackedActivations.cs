using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace QwenSharp.Numerics;

/// <summary>How a kernel wants its activations.</summary>
internal enum ActivationFormat
{
    /// <summary>F32, as they are.</summary>
    Floats,

    /// <summary>8 bits with a scale per 256 columns, and sums of the codes of each 16 and 32 columns.</summary>
    SuperBlocks,

    /// <summary>8 bits with a scale per 32 columns, and sums of these codes.</summary>
    Blocks,

    /// <summary>8 bits in 16, with a scale per 32 columns.</summary>
    WideBlocks,
}

/// <summary>
/// Activations rounded to 8 bits (<see cref="ActivationQuantizer"/>), one record for each chunk of 256 columns and token,
/// [chunk][token], so that what meets an unpacked panel lies together.
/// A record is codes, then scales, then sums, at the offsets below. Four neighbours that are read as two pairs of 16-bit
/// integers (wide codes, group sums) are stored in the order 0 2 1 3, since weights unpack to even and odd bytes.
/// </summary>
internal sealed unsafe class PackedActivations : IDisposable
{
    /// <summary>Offset of the scales after 8-bit codes: one F32, or eight for blocks of 32.</summary>
    public const int Scales8 = 256;

    /// <summary>Offset of sums of 16 codes, 16 × 16 bits, in super-blocks.</summary>
    public const int Sums16 = 288;

    /// <summary>Offset of sums of 32 codes, 8 × 16 bits, in super-blocks.</summary>
    public const int Sums32 = 320;

    /// <summary>Offset of sums of 32 codes, 8 × 32 bits, in blocks.</summary>
    public const int BlockSums = 288;

    /// <summary>Offset of −(sum of the codes below zero), 8 × 32 bits, in blocks.</summary>
    public const int Negatives = 320;

    /// <summary>Offset of the scales after 16-bit codes.</summary>
    public const int WideScales = 512;

    /// <summary>Bytes of a record with 8-bit codes.</summary>
    public const int Record = 352;

    /// <summary>Bytes of a record with 16-bit codes.</summary>
    public const int WideRecord = 544;

    private NativeBuffer _buffer = new(0);

    /// <summary>The records.</summary>
    public byte* Pointer => _buffer.Pointer;

    /// <summary>Bytes of a record.</summary>
    public static int RecordBytes(ActivationFormat format) => format == ActivationFormat.WideBlocks ? WideRecord : Record;

    /// <summary>Bytes of a batch's records.</summary>
    public static long BytesFor(ActivationFormat format, int tokens, int columns) =>
        (long)RecordBytes(format) * tokens * ((columns + 255) / 256);

    /// <summary>Makes room for a batch; memory grows and stays.</summary>
    public void Reserve(ActivationFormat format, int tokens, int columns)
    {
        long bytes = BytesFor(format, tokens, columns);
        if (bytes <= _buffer.Length)
            return;

        _buffer.Dispose();
        _buffer = new NativeBuffer(bytes);
    }

    /// <summary>Rounds one token's activations.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Pack(ActivationFormat format, ReadOnlySpan<float> x, int token, int tokens)
    {
        int recordBytes = RecordBytes(format);
        fixed (float* start = x)
        {
            for (int chunk = 0; chunk * 256 < x.Length; chunk++)
            {
                byte* record = _buffer.Pointer + ((long)chunk * tokens + token) * recordBytes;
                int columns = Math.Min(256, x.Length - 256 * chunk);
                switch (format)
                {
                    case ActivationFormat.SuperBlocks:
                        PackSuperBlock(start + 256 * chunk, record);
                        break;
                    case ActivationFormat.Blocks:
                        PackBlocks(start + 256 * chunk, columns, record);
                        break;
                    default:
                        PackWideBlocks(start + 256 * chunk, columns, record);
                        break;
                }
            }
        }
    }

    public void Dispose() => _buffer.Dispose();

    private static void PackSuperBlock(float* x, byte* record)
    {
        *(float*)(record + Scales8) = Round(x, 256, (sbyte*)record);
        short* sums16 = (short*)(record + Sums16), sums32 = (short*)(record + Sums32);
        for (int pair = 0; pair < 8; pair++)
        {
            sbyte* codes = (sbyte*)record + 32 * pair;
            int first = Sum16(Vector128.Load(codes)), second = Sum16(Vector128.Load(codes + 16));
            sums16[Place(2 * pair)] = (short)first;
            sums16[Place(2 * pair + 1)] = (short)second;
            sums32[Place(pair)] = (short)(first + second);
        }
    }

    private static void PackBlocks(float* x, int columns, byte* record)
    {
        for (int block = 0; block < columns / 32; block++)
        {
            sbyte* codes = (sbyte*)record + 32 * block;
            ((float*)(record + Scales8))[block] = Round(x + 32 * block, 32, codes);
            ((int*)(record + BlockSums))[block] = Sum16(Vector128.Load(codes)) + Sum16(Vector128.Load(codes + 16));
            ((int*)(record + Negatives))[block] =
                -Sum16(Vector128.Min(Vector128.Load(codes), default)) - Sum16(Vector128.Min(Vector128.Load(codes + 16), default));
        }
    }

    private static void PackWideBlocks(float* x, int columns, byte* record)
    {
        sbyte* codes = stackalloc sbyte[32];
        for (int block = 0; block < columns / 32; block++)
        {
            ((float*)(record + WideScales))[block] = Round(x + 32 * block, 32, codes);
            short* wide = (short*)record + 32 * block;
            for (int quad = 0; quad < 32; quad += 4)
            {
                wide[quad] = codes[quad];
                wide[quad + 1] = codes[quad + 2];
                wide[quad + 2] = codes[quad + 1];
                wide[quad + 3] = codes[quad + 3];
            }
        }
    }

    // Order 0 2 1 3 among four neighbours.
    private static int Place(int index) => index & ~3 | (index & 1) << 1 | index >> 1 & 1;

    private static int Sum16(Vector128<sbyte> codes)
    {
        (Vector128<short> lower, Vector128<short> upper) = Vector128.Widen(codes);
        return Vector128.Sum(lower + upper);
    }

    // As ActivationQuantizer.Quantize, sixteen at a time.
    private static float Round(float* x, int count, sbyte* codes)
    {
        Vector128<int> largest = default, magnitude = Vector128.Create(int.MaxValue);
        for (int i = 0; i < count; i += 4)
            largest = Vector128.Max(largest, Vector128.Load((int*)x + i) & magnitude);

        int most = Math.Max(Math.Max(largest[0], largest[1]), Math.Max(largest[2], largest[3]));
        (float scale, float inverse) = ActivationQuantizer.Scale(most);
        if (inverse == 0)
        {
            new Span<sbyte>(codes, count).Clear();
            return scale;
        }

        Vector128<float> factor = Vector128.Create(inverse);
        for (int i = 0; i < count; i += 16)
        {
            Vector128<short> lower = Vector128.Narrow(Rounded(x + i, factor), Rounded(x + i + 4, factor));
            Vector128<short> upper = Vector128.Narrow(Rounded(x + i + 8, factor), Rounded(x + i + 12, factor));
            Vector128.Narrow(lower, upper).Store(codes + i);
        }

        return scale;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Rounded(float* x, Vector128<float> factor) =>
        Vector128.ConvertToInt32Native(Vector128.Round(Vector128.Load(x) * factor));
}
