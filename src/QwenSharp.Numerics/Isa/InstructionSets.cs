using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace QwenSharp.Numerics;

/// <summary>Which kernel families this processor can run, and which one is used.</summary>
public static class InstructionSets
{
    /// <summary>Environment variable that forces a family: <c>scalar</c>, <c>vector128</c>, <c>avx2</c>, <c>avx512</c> or
    /// <c>avx512vnni</c>.</summary>
    public const string Variable = "QWENSHARP_ISA";

    /// <summary>
    /// The families that this processor can run, best first. Wider comes first: a matrix product is bound by multiplications
    /// per instruction, and .NET reports 512-bit vectors as accelerated only where they do not lower the clock.
    /// </summary>
    public static IReadOnlyList<Isa> Available { get; } =
        [.. new[] { Isa.Avx512Vnni, Isa.Avx512, Isa.Avx2, Isa.Vector128, Isa.Scalar }.Where(IsAvailable)];

    /// <summary>The best family that this processor can run.</summary>
    public static Isa Best => Available[0];

    /// <summary>The family named by <paramref name="forced"/>, or the best one where it is null or empty.</summary>
    /// <exception cref="ArgumentException">There is no such family, or this processor cannot run it.</exception>
    public static Isa Select(string? forced)
    {
        if (string.IsNullOrEmpty(forced))
            return Best;

        foreach (Isa isa in Enum.GetValues<Isa>())
        {
            if (forced.Equals(isa.ToString(), StringComparison.OrdinalIgnoreCase))
                return Require(isa);
        }

        throw new ArgumentException($"'{forced}' ({Variable}) names no instruction set; this processor runs {Names}.", nameof(forced));
    }

    /// <summary>Returns <paramref name="isa"/> if this processor can run it.</summary>
    /// <exception cref="ArgumentException">It cannot.</exception>
    internal static Isa Require(Isa isa) => Available.Contains(isa)
        ? isa
        : throw new ArgumentException($"This processor cannot run {isa} kernels; it runs {Names}.", nameof(isa));

    // CPUID 7.0, bit 11 of ECX.
    private static bool HasVnni => (X86Base.CpuId(7, 0).Ecx >> 11 & 1) != 0;

    private static string Names => string.Join(", ", Available.Select(isa => isa.ToString().ToLowerInvariant()));

    private static bool IsAvailable(Isa isa) =>
        isa switch
        {
            Isa.Avx512Vnni => IsAvailable(Isa.Avx512) && HasVnni && ExecutableMemory.IsAllowed,
            Isa.Avx512 => Vector512.IsHardwareAccelerated
                && Avx512BW.VL.IsSupported
                && Avx512DQ.VL.IsSupported
                && Avx512F.VL.IsSupported
                && Fma.IsSupported,
            Isa.Avx2 => Vector256.IsHardwareAccelerated && Avx2.IsSupported && Fma.IsSupported,
            Isa.Vector128 => Vector128.IsHardwareAccelerated,
            _ => true,
        };
}
