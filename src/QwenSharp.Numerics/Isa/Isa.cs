namespace QwenSharp.Numerics;

/// <summary>A family of kernels, by the vector instructions they are written for.</summary>
public enum Isa
{
    /// <summary>Plain loops: the reference that every other family is tested against.</summary>
    Scalar,

    /// <summary>Portable 128-bit vectors: Arm (NEON), and x64 without AVX2.</summary>
    Vector128,

    /// <summary>256-bit vectors of x64 with AVX2 and FMA.</summary>
    Avx2,

    /// <summary>512-bit vectors of x64 with AVX-512 F, BW, DQ and VL.</summary>
    Avx512,

    /// <summary>
    /// <see cref="Avx512"/>, with products of quantised weights that are assembled at run time for AVX-512 VNNI, on Linux and Windows.
    /// </summary>
    Avx512Vnni,
}
