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
    /// <summary>The upper half of an IEEE 754 single (brain float).</summary>
    BF16 = 30,
}

/// <summary>Sizes of the storage types: how many elements a block holds and how many bytes it takes.</summary>
public static class TensorTypes
{
    /// <summary>Elements in one block: 1 for plain types, 32 or 256 for quantised ones.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The type is not one of <see cref="TensorType"/>.</exception>
    public static int BlockLength(this TensorType type) => type switch
    {
        TensorType.Q4_0 or TensorType.Q4_1 or TensorType.Q5_0 or TensorType.Q5_1 or TensorType.Q8_0 => 32,
        TensorType.Q2_K or TensorType.Q3_K or TensorType.Q4_K or TensorType.Q5_K or TensorType.Q6_K => 256,
        _ when IsKnown(type) => 1,
        _ => throw Unknown(type),
    };

    /// <summary>Bytes in one block.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The type is not one of <see cref="TensorType"/>.</exception>
    public static int BlockBytes(this TensorType type) => type switch
    {
        TensorType.I8 => 1,
        TensorType.F16 or TensorType.BF16 or TensorType.I16 => 2,
        TensorType.F32 or TensorType.I32 => 4,
        TensorType.F64 or TensorType.I64 => 8,
        TensorType.Q4_0 => 18,
        TensorType.Q4_1 => 20,
        TensorType.Q5_0 => 22,
        TensorType.Q5_1 => 24,
        TensorType.Q8_0 => 34,
        TensorType.Q2_K => 84,
        TensorType.Q3_K => 110,
        TensorType.Q4_K => 144,
        TensorType.Q5_K => 176,
        TensorType.Q6_K => 210,
        _ => throw Unknown(type),
    };

    /// <summary>Whether weights of the type can be multiplied with activations (<see cref="Compute.Project"/>).</summary>
    public static bool HasMatrixProduct(this TensorType type) => type is TensorType.F32 or TensorType.F16 or TensorType.BF16 || type.BlockLength() > 1;

    /// <summary>Whether this build can store and read the type.</summary>
    public static bool IsKnown(TensorType type) => Enum.IsDefined(type);

    /// <summary>Bytes of <paramref name="elements"/> consecutive elements.</summary>
    /// <exception cref="ArgumentException">The count is negative or does not fill whole blocks.</exception>
    /// <exception cref="OverflowException">The size does not fit in 63 bits.</exception>
    public static long Bytes(this TensorType type, long elements)
    {
        int length = type.BlockLength();
        if (elements < 0 || elements % length != 0)
        {
            throw new ArgumentException($"{elements} elements do not fill whole blocks of {length} ({type}).", nameof(elements));
        }

        return checked(elements / length * type.BlockBytes());
    }

    private static ArgumentOutOfRangeException Unknown(TensorType type) =>
        new(nameof(type), $"Tensor type {(int)type} is not known to this build.");
}
