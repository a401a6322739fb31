namespace QwenSharp.Numerics;

/// <summary>What the storage types are: how many elements a block holds, how many bytes it takes, and what can be done with it.</summary>
public static class TensorTypes
{
    /// <summary>Elements in one block: 1 for plain types, 32 … 256 for quantised ones.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The type is not one of <see cref="TensorType"/>.</exception>
    public static int BlockLength(this TensorType type) => type switch
    {
        TensorType.Q4_0 or TensorType.Q4_1 or TensorType.Q5_0 or TensorType.Q5_1 or TensorType.Q8_0 => 32,
        TensorType.IQ4_NL or TensorType.MXFP4 => 32,
        TensorType.NVFP4 or TensorType.Q2_0 => 64,
        TensorType.Q1_0 => 128,
        TensorType.Q2_K or TensorType.Q3_K or TensorType.Q4_K or TensorType.Q5_K or TensorType.Q6_K => 256,
        TensorType.IQ1_S or TensorType.IQ1_M or TensorType.IQ2_XXS or TensorType.IQ2_XS or TensorType.IQ2_S => 256,
        TensorType.IQ3_XXS or TensorType.IQ3_S or TensorType.IQ4_XS or TensorType.TQ1_0 or TensorType.TQ2_0 => 256,
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
        TensorType.IQ1_S => 50,
        TensorType.IQ1_M => 56,
        TensorType.IQ2_XXS => 66,
        TensorType.IQ2_XS => 74,
        TensorType.IQ2_S => 82,
        TensorType.IQ3_XXS => 98,
        TensorType.IQ3_S => 110,
        TensorType.IQ4_NL => 18,
        TensorType.IQ4_XS => 136,
        TensorType.TQ1_0 => 54,
        TensorType.TQ2_0 => 66,
        TensorType.MXFP4 => 17,
        TensorType.NVFP4 => 36,
        TensorType.Q1_0 => 18,
        TensorType.Q2_0 => 18,
        _ => throw Unknown(type),
    };

    /// <summary>Whether weights of the type can be multiplied with activations (<see cref="Compute.Project"/>).</summary>
    public static bool HasMatrixProduct(this TensorType type) =>
        type is TensorType.F32 or TensorType.F16 or TensorType.BF16 || type.BlockLength() > 1;

    /// <summary>Whether <see cref="Quantization.Quantize"/> can write the type; the IQ1, IQ2 and IQ3 types can only be read.</summary>
    public static bool CanQuantize(this TensorType type) =>
        type.HasMatrixProduct()
        && type
            is not (
                TensorType.IQ1_S
                or TensorType.IQ1_M
                or TensorType.IQ2_XXS
                or TensorType.IQ2_XS
                or TensorType.IQ2_S
                or TensorType.IQ3_XXS
                or TensorType.IQ3_S);

    /// <summary>Whether this build can store and read the type.</summary>
    public static bool IsKnown(TensorType type) => Enum.IsDefined(type);

    /// <summary>The type of a name as people write it, in any case: <c>Q4_K</c>, <c>iq4_xs</c>, <c>bf16</c>.</summary>
    /// <returns>Whether there is such a type.</returns>
    public static bool TryParse(string? name, out TensorType type) =>
        Enum.TryParse(name, ignoreCase: true, out type) && string.Equals(name, type.ToString(), StringComparison.OrdinalIgnoreCase);

    /// <summary>The type of a name as people write it, in any case.</summary>
    /// <exception cref="ArgumentException">There is no such type; the message names those that there are.</exception>
    public static TensorType Parse(string name) =>
        TryParse(name, out TensorType type)
            ? type
            : throw new ArgumentException(
                $"'{name}' is no tensor type; there are {string.Join(", ", Enum.GetNames<TensorType>())}.",
                nameof(name));

    /// <summary>Bytes of <paramref name="elements"/> consecutive elements.</summary>
    /// <exception cref="ArgumentException">The count is negative or does not fill whole blocks.</exception>
    /// <exception cref="OverflowException">The size does not fit in 63 bits.</exception>
    public static long Bytes(this TensorType type, long elements)
    {
        int length = type.BlockLength();
        if (elements < 0 || elements % length != 0)
            throw new ArgumentException($"{elements} elements do not fill whole blocks of {length} ({type}).", nameof(elements));

        return checked(elements / length * type.BlockBytes());
    }

    /// <summary>Whether codes stand for the entries of a table (<see cref="CodebookDecoder"/>).</summary>
    internal static bool HasCodebook(this TensorType type) =>
        type
            is TensorType.IQ4_NL
                or TensorType.IQ4_XS
                or TensorType.IQ1_S
                or TensorType.IQ1_M
                or TensorType.IQ2_XXS
                or TensorType.IQ2_XS
                or TensorType.IQ2_S
                or TensorType.IQ3_XXS
                or TensorType.IQ3_S
                or TensorType.TQ1_0
                or TensorType.TQ2_0
                or TensorType.MXFP4
                or TensorType.NVFP4
                or TensorType.Q1_0
                or TensorType.Q2_0;

    private static ArgumentOutOfRangeException Unknown(TensorType type) =>
        new(nameof(type), $"Tensor type {(int)type} is not known to this build.");
}
