namespace QwenSharp.Numerics;

/// <summary>What the matrix products of training multiply. Sums, weights, gradients and the optimiser's state are F32 either way.</summary>
public enum TrainingPrecision
{
    /// <summary>F32: any processor, and the same steps on each but for the last bits.</summary>
    F32,

    /// <summary>
    /// Operands are rounded to BF16, 8 significant bits: twice as many products an instruction, where the processor has it (AVX512_BF16).
    /// </summary>
    BF16,
}

/// <summary>Which precisions this processor can train in.</summary>
public static class TrainingPrecisions
{
    /// <summary>Whether the kernels of an instruction set have products of this precision here.</summary>
    /// <param name="precision">The precision.</param>
    /// <param name="isa">The kernels; null for the best of this processor.</param>
    public static bool IsAvailable(TrainingPrecision precision, Isa? isa = null) => WhyNot(precision, isa) is null;

    /// <summary>What is missing for products of this precision, and what to do; null where nothing is.</summary>
    /// <inheritdoc cref="IsAvailable"/>
    public static string? WhyNot(TrainingPrecision precision, Isa? isa = null) => (precision, isa ?? InstructionSets.Best) switch
    {
        (TrainingPrecision.F32, _) or (_, Isa.Scalar) => null,
        (_, Isa.Avx512 or Isa.Avx512Vnni) when Bfloat16.IsAccelerated => null,
        _ => $"This processor has no matrix products of {precision} (AVX512_BF16, on Linux or Windows); train with the precision F32.",
    };
}
