namespace QwenSharp.Numerics;

/// <summary>What the matrix products of training multiply. Sums, weights, gradients and the optimiser's state are F32 either way.</summary>
public enum TrainingPrecision
{
    /// <summary>F32: any processor, and the same steps on each but for the last bits.</summary>
    F32,

    /// <summary>Operands are rounded to BF16, 8 significant bits: twice as many products an instruction, where the processor has it (AVX512_BF16).</summary>
    BF16,
}

/// <summary>Which precisions this processor can train in.</summary>
public static class TrainingPrecisions
{
    /// <summary>Whether the kernels of an instruction set have products of this precision here.</summary>
    /// <param name="precision">The precision.</param>
    /// <param name="isa">The kernels; null for the best of this processor.</param>
    public static bool IsAvailable(TrainingPrecision precision, Isa? isa = null) => precision == TrainingPrecision.F32 || (isa ?? InstructionSets.Best) switch
    {
        Isa.Avx512 => Bfloat16.IsAccelerated,
        Isa.Scalar => true,
        _ => false,
    };

    internal static TrainingPrecision Require(TrainingPrecision precision, Isa isa) => IsAvailable(precision, isa)
        ? precision
        : throw new ArgumentException("This processor has no matrix products of BF16 (AVX512_BF16, on Linux or Windows); train in F32.", nameof(precision));
}
