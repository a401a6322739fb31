using System.Numerics;
using System.Runtime.InteropServices;

namespace QwenSharp.Numerics;

/// <summary>
/// The codebooks of the IQ1, IQ2 and IQ3 types: points of a lattice in four or eight dimensions that ggml chose, one byte a
/// coordinate, the first lowest. They are looked up for every eight weights, by indices whose bits cannot exceed them, and so are
/// pointers, to memory that is never written again nor freed.
/// </summary>
internal static unsafe class Grids
{
    /// <summary>
    /// IQ1_S and IQ1_M: 2048 points of eight bytes −8, 0 or 8, stored plus 128 (the shift of ±1/8 makes them ±1 from there).
    /// </summary>
    public static readonly ulong* IQ1 = Expand(GridPointsIq1.Points, 8, 2, [120, 128, 136]);

    /// <summary>IQ2_XXS: 256 points of eight magnitudes.</summary>
    public static readonly ulong* IQ2_XXS = Expand(GridPointsIq2.IQ2_XXS, 8, 2, [8, 25, 43]);

    /// <summary>IQ2_XS: 512 points of eight magnitudes.</summary>
    public static readonly ulong* IQ2_XS = Expand(GridPointsIq2.IQ2_XS, 8, 2, [8, 25, 43]);

    /// <summary>IQ2_S: 1024 points of eight magnitudes.</summary>
    public static readonly ulong* IQ2_S = Expand(GridPointsIq2.IQ2_S, 8, 2, [8, 25, 43]);

    /// <summary>IQ3_XXS: 256 points of four magnitudes.</summary>
    public static readonly ulong* IQ3_XXS = Expand(GridPointsIq3.IQ3_XXS, 4, 3, [4, 12, 20, 28, 36, 44, 52, 62]);

    /// <summary>IQ3_S: 512 points of four magnitudes.</summary>
    public static readonly ulong* IQ3_S = Expand(GridPointsIq3.IQ3_S, 4, 3, [1, 3, 5, 7, 9, 11, 13, 15]);

    /// <summary>For each byte, eight bytes of which byte k is 255 where bit k is set.</summary>
    public static readonly ulong* Masks = Signs(256, static bits => bits);

    /// <summary>For each seven bits, the mask of eight of which an even number is set.</summary>
    public static readonly ulong* EvenMasks = Signs(128, static bits => bits | (BitOperations.PopCount((uint)bits) & 1) << 7);

    private static ulong* Expand(ReadOnlySpan<ushort> points, int dimensions, int bits, ReadOnlySpan<byte> values)
    {
        ulong* expanded = Allocate(points.Length);
        for (int i = 0; i < points.Length; i++)
        {
            for (int k = 0; k < dimensions; k++)
                expanded[i] |= (ulong)values[points[i] >> bits * k & (1 << bits) - 1] << 8 * k;
        }

        return expanded;
    }

    private static ulong* Signs(int count, Func<int, int> bits)
    {
        ulong* masks = Allocate(count);
        for (int i = 0; i < count; i++)
        {
            for (int k = 0; k < 8; k++)
                masks[i] |= (ulong)(bits(i) >> k & 1) * 255 << 8 * k;
        }

        return masks;
    }

    private static ulong* Allocate(int count) => (ulong*)NativeMemory.AllocZeroed((nuint)count, sizeof(ulong));
}
