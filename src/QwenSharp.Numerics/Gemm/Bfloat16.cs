using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace QwenSharp.Numerics;

/// <summary>BF16 as matrix products take it: two neighbours in depth side by side in 32 bits, the lower depth in the lower half.</summary>
internal static unsafe class Bfloat16
{
    /// <summary>
    /// Whether the processor multiplies pairs of BF16 and adds them to F32 (AVX512_BF16: CPUID 7.1, bit 5 of EAX), and the system lets us
    /// assemble the loop.
    /// </summary>
    public static bool IsAccelerated { get; } =
        InstructionSets.Available.Contains(Isa.Avx512)
        && (OperatingSystem.IsLinux() || OperatingSystem.IsWindows())
        && X86Base.CpuId(7, 0).Eax >= 1
        && (X86Base.CpuId(7, 1).Eax >> 5 & 1) != 0;

    /// <summary>
    /// Rounds a panel to the nearest, ties to even: pairs[k / 2, j] = (panel[k, j], panel[k + 1, j]). An odd last depth has zeros beside
    /// it.
    /// </summary>
    /// <param name="panel">[depth, width].</param>
    /// <param name="depth">How many depths.</param>
    /// <param name="width">Lines of the panel: whole vectors of four.</param>
    /// <param name="pairs">Where to: [⌈depth / 2⌉, width].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pair(float* panel, int depth, int width, uint* pairs)
    {
        int whole = depth / 2 * 2;
        for (int k = 0; k < whole; k += 2, panel += 2 * width, pairs += width)
        {
            if (width % Vector512<uint>.Count == 0)
            {
                for (int j = 0; j < width; j += Vector512<uint>.Count)
                {
                    (
                        Rounded(Vector512.Load((uint*)panel + j)) >>> 16
                        | Rounded(Vector512.Load((uint*)panel + width + j)) & Vector512.Create(0xFFFF0000)
                    ).Store(pairs + j);
                }
            }
            else
            {
                for (int j = 0; j < width; j += Vector128<uint>.Count)
                {
                    (
                        Rounded(Vector128.Load((uint*)panel + j)) >>> 16
                        | Rounded(Vector128.Load((uint*)panel + width + j)) & Vector128.Create(0xFFFF0000)
                    ).Store(pairs + j);
                }
            }
        }

        for (int j = 0; j < width && whole < depth; j++)
            pairs[j] = Rounded(Vector128.CreateScalar(((uint*)panel)[j]))[0] >> 16;
    }

    /// <summary>The lower half of a pair.</summary>
    public static float Low(uint pair) => BitConverter.UInt32BitsToSingle(pair << 16);

    /// <summary>The upper half of a pair.</summary>
    public static float High(uint pair) => BitConverter.UInt32BitsToSingle(pair & 0xFFFF0000);

    // Half a unit of the last place that stays, less one where that place is even. Infinities and the NaN that processors make stay what
    // they are.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Rounded(Vector512<uint> bits) => bits + Vector512.Create(0x7FFFu) + (bits >>> 16 & Vector512<uint>.One);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Rounded(Vector128<uint> bits) => bits + Vector128.Create(0x7FFFu) + (bits >>> 16 & Vector128<uint>.One);
}
