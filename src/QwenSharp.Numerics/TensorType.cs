namespace QwenSharp.Numerics;

/// <summary>How the elements of a tensor are stored. The numeric values are GGUF's (ggml's) type ids.</summary>
public enum TensorType
{
    /// <summary>IEEE 754 single precision.</summary>
    F32 = 0,
    /// <summary>IEEE 754 half precision.</summary>
    F16 = 1,
    /// <summary>Blocks of 32: half scale d, 4-bit codes; w = d(q − 8).</summary>
    Q4_0 = 2,
    /// <summary>Blocks of 32: half scale d, half minimum m, 4-bit codes; w = dq + m.</summary>
    Q4_1 = 3,
    /// <summary>Blocks of 32: half scale d, 5-bit codes; w = d(q − 16).</summary>
    Q5_0 = 6,
    /// <summary>Blocks of 32: half scale d, half minimum m, 5-bit codes; w = dq + m.</summary>
    Q5_1 = 7,
    /// <summary>Blocks of 32: half scale d, signed 8-bit codes; w = dq.</summary>
    Q8_0 = 8,
    /// <summary>Super-blocks of 256: 16 groups with 4-bit scales and minima, 2-bit codes.</summary>
    Q2_K = 10,
    /// <summary>Super-blocks of 256: 16 groups with 6-bit scales, 3-bit codes.</summary>
    Q3_K = 11,
    /// <summary>Super-blocks of 256: 8 groups with 6-bit scales and minima, 4-bit codes.</summary>
    Q4_K = 12,
    /// <summary>Super-blocks of 256: 8 groups with 6-bit scales and minima, 5-bit codes.</summary>
    Q5_K = 13,
    /// <summary>Super-blocks of 256: 16 groups with 8-bit scales, 6-bit codes.</summary>
    Q6_K = 14,
    /// <summary>Super-blocks of 256: 2-bit points of an 8-dimensional grid of 256, 4-bit scales of 32; 2.06 bits a weight.</summary>
    IQ2_XXS = 16,
    /// <summary>Super-blocks of 256: points of a grid of 512, 4-bit scales of 16; 2.31 bits a weight.</summary>
    IQ2_XS = 17,
    /// <summary>Super-blocks of 256: points of a 4-dimensional grid of 256, 4-bit scales of 32; 3.06 bits a weight.</summary>
    IQ3_XXS = 18,
    /// <summary>
    /// Super-blocks of 256: shifted points of an 8-dimensional ternary grid of 2048, 3-bit scales of 32; 1.56 bits a weight.
    /// </summary>
    IQ1_S = 19,
    /// <summary>Blocks of 32: half scale d, 4-bit codes of 16 values that are finer near zero.</summary>
    IQ4_NL = 20,
    /// <summary>Super-blocks of 256: points of a 4-dimensional grid of 512, 4-bit scales of 32; 3.44 bits a weight.</summary>
    IQ3_S = 21,
    /// <summary>Super-blocks of 256: points of an 8-dimensional grid of 1024, 4-bit scales of 16; 2.56 bits a weight.</summary>
    IQ2_S = 22,
    /// <summary>Super-blocks of 256: the codes of <see cref="IQ4_NL"/>, 6-bit scales of 32; 4.25 bits a weight.</summary>
    IQ4_XS = 23,
    /// <summary>Plain 8-bit integers (metadata tensors; no matrix product).</summary>
    I8 = 24,
    /// <summary>Plain 16-bit integers (metadata tensors; no matrix product).</summary>
    I16 = 25,
    /// <summary>Plain 32-bit integers (metadata tensors; no matrix product).</summary>
    I32 = 26,
    /// <summary>Plain 64-bit integers (metadata tensors; no matrix product).</summary>
    I64 = 27,
    /// <summary>IEEE 754 double precision (metadata tensors; no matrix product).</summary>
    F64 = 28,
    /// <summary>Super-blocks of 256: the grid of <see cref="IQ1_S"/>, 3-bit scales of 16; 1.75 bits a weight.</summary>
    IQ1_M = 29,
    /// <summary>The upper half of an IEEE 754 single (brain float).</summary>
    BF16 = 30,
    /// <summary>Super-blocks of 256: −d, 0 or d, five to a byte; 1.69 bits a weight.</summary>
    TQ1_0 = 34,
    /// <summary>Super-blocks of 256: −d, 0 or d (or 2d) in 2 bits; 2.06 bits a weight.</summary>
    TQ2_0 = 35,
    /// <summary>Blocks of 32: 8-bit exponent, 4-bit floats E2M1 (OCP Microscaling Formats).</summary>
    MXFP4 = 39,
    /// <summary>
    /// Blocks of 64: four scales of 16 as 8-bit floats UE4M3, 4-bit floats E2M1. A scale of the whole tensor is a tensor of its own.
    /// </summary>
    NVFP4 = 40,
    /// <summary>Blocks of 128: half scale d, one bit: −d or d.</summary>
    Q1_0 = 41,
    /// <summary>Blocks of 64: half scale d, 2-bit codes; w = d(q − 1).</summary>
    Q2_0 = 42,
}
