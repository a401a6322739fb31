using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace QwenSharp.Numerics;

/// <summary>
/// Integer sums of one super-block of each of eight rows with one token (AVX2), a row at a time: a register holds 32 columns
/// of one row, so that nothing is transposed, and the rows' partial sums meet only at the end of the super-block.
/// </summary>
internal static unsafe class RowProducts
{
    /// <summary>Rows of a call.</summary>
    public const int Rows = 8;

    /// <summary>Σ scale · (code − 32) · x of a Q6_K super-block.</summary>
    /// <param name="block">The first row's block.</param>
    /// <param name="stride">Bytes from a row to the next.</param>
    /// <param name="x">The token's packed super-block.</param>
    /// <param name="next">What is read soon, a block a row.</param>
    /// <param name="sums">The rows' sums.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Q6_K(byte* block, nint stride, byte* x, byte* next, int* sums)
    {
        // A group of 16 columns fills half a register: scales and sums of even groups go to the lower half, of odd ones to the upper.
        Vector128<byte> evenOdd = Vector128.Create((byte)0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15);
        Vector256<int> placed = Avx2.Shuffle(Vector256.Load((int*)(x + PackedActivations.Sums16)), 0b11_01_10_00);
        Vector256<short> groupSums = Avx2.Permute4x64(placed.AsInt64(), 0b11_01_10_00).AsInt16();
        Vector256<int>* parts = stackalloc Vector256<int>[Rows];
        for (int row = 0; row < Rows; row++, block += stride, next += Q6_KFormat.BlockBytes)
        {
            Prefetch.Lines(next, (Q6_KFormat.BlockBytes + 63) / 64);
            Vector256<short> scales = Avx2.ConvertToVector256Int16(Ssse3.Shuffle(Vector128.Load(block + 192), evenOdd).AsSByte());
            Vector256<int> offset = Avx2.MultiplyAddAdjacent(groupSums, scales) << 5;
            parts[row] =
                HalfOfQ6_K(block, block + 128, x, scales.AsByte(), 0x0100) - offset +
                HalfOfQ6_K(block + 64, block + 160, x + 128, scales.AsByte(), 0x0908);
        }

        Lanes256.SumRows(parts).Store(sums);
    }

    // 128 columns, products of which fit 16 bits two by two: four runs of 32, whose low nibbles lie in 64 bytes and whose
    // high pairs in 32. The word at pair of each half of the scales is the first run's.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> HalfOfQ6_K(byte* low, byte* high, byte* x, Vector256<byte> scales, short pair)
    {
        Vector256<byte> nibble = Vector256.Create((byte)0x0f), top = Vector256.Create((byte)0x30);
        Vector256<byte> q0 = Vector256.Load(low), q1 = Vector256.Load(low + 32), h = Vector256.Load(high);
        return
            Scaled((q0 & nibble) | (ShiftLeft(h, 4) & top), x, Word(scales, pair)) +
            Scaled((q1 & nibble) | (ShiftLeft(h, 2) & top), x + 32, Word(scales, (short)(pair + 0x0202))) +
            (Scaled((ShiftRight(q0, 4) & nibble) | (h & top), x + 64, Word(scales, (short)(pair + 0x0404))) +
            Scaled((ShiftRight(q1, 4) & nibble) | (ShiftRight(h, 2) & top), x + 96, Word(scales, (short)(pair + 0x0606))));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Scaled(Vector256<byte> codes, byte* x, Vector256<int> scales) =>
        Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(codes, Vector256.Load((sbyte*)x)), scales.AsInt16());

    // One 16-bit integer of each half, everywhere in that half.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Word(Vector256<byte> words, short bytes) =>
        Avx2.Shuffle(words, Vector256.Create(bytes).AsByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> ShiftLeft(Vector256<byte> a, int count) => (a.AsInt32() << count).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> ShiftRight(Vector256<byte> a, int count) => (a.AsInt32() >>> count).AsByte();
}
