using System.Buffers.Binary;
using QwenSharp.Numerics;

namespace QwenSharp.Formats;

/// <summary>
/// A matrix in FP8 as Qwen publishes it: elements in E4M3, and a scale for each block of 128 × 128 that multiplies them
/// (<c>weight_scale_inv</c>, the inverse of what the weights were multiplied with).
/// It is decoded to F16: a product of an E4M3 number and its scale has more digits than BF16 holds, and F16's 11 leave an error of at most
/// 2⁻¹¹, a
/// hundredth of FP8's own; the memory is that of BF16, twice the file's.
/// </summary>
public static class Float8Matrix
{
    private static readonly float[] Values = [.. Enumerable.Range(0, 256).Select(code => ToSingle((byte)code))];

    /// <summary>Decodes a matrix.</summary>
    /// <param name="codes">F8_E4M3 of shape [out, in].</param>
    /// <param name="scales">F32, F16 or BF16, one a block: [⌈out / rows⌉, ⌈in / columns⌉].</param>
    /// <param name="rows">Rows of a block.</param>
    /// <param name="columns">Columns of a block.</param>
    /// <param name="target">Receives F16 of shape [out, in].</param>
    public static void Decode(SafetensorsTensor codes, SafetensorsTensor scales, int rows, int columns, NativeBuffer target)
    {
        int outputs = (int)codes.Shape[0], inputs = (int)codes.Shape[1], across = (inputs + columns - 1) / columns;
        float[] factors = PackedMatrix.Floats(scales);
        for (int row = 0; row < outputs; row++)
        {
            ReadOnlySpan<byte> from = codes.Bytes((long)row * inputs, inputs);
            Span<byte> to = target.Span((long)row * inputs * 2, inputs * 2);
            for (int i = 0; i < inputs; i++)
                BinaryPrimitives.WriteHalfLittleEndian(to[(2 * i)..], (Half)(Values[from[i]] * factors[row / rows * across + i / columns]));
        }
    }

    /// <summary>What must be so of the two tensors; null where it is, else the reason.</summary>
    public static string? Fault(SafetensorsTensor codes, SafetensorsTensor scales, int rows, int columns)
    {
        if (
            codes.Type != SafetensorsType.F8_E4M3
            || codes.Shape.Length != 2
            || codes.ElementCount == 0
            || codes.Shape[0] > int.MaxValue
            || codes.Shape[1] > 1 << 29)
        {
            return $"{codes} is no matrix in F8_E4M3";
        }

        if (scales.Type is not (SafetensorsType.F32 or SafetensorsType.F16 or SafetensorsType.BF16))
            return $"the scales {scales} are neither F32, F16 nor BF16";

        long[] wanted = [(codes.Shape[0] + rows - 1) / rows, (codes.Shape[1] + columns - 1) / columns];
        return scales.Shape.SequenceEqual(wanted)
            ? null
            : $"the scales {scales} should have the shape [{wanted[0]}, {wanted[1]}]: one for each block of {rows} × {columns} of {codes}";
    }

    /// <summary>E4M3FN (Micikevicius et al., 2022, arXiv 2209.05433): bias 7, subnormals, no infinities, all ones NaN.</summary>
    internal static float ToSingle(byte code)
    {
        int exponent = code >> 3 & 15, mantissa = code & 7;
        float magnitude = (code & 0x7F) == 0x7F ? float.NaN
            : exponent == 0 ? MathF.ScaleB(mantissa, -9)
            : MathF.ScaleB(8 + mantissa, exponent - 10);
        return (code & 0x80) == 0 ? magnitude : -magnitude;
    }
}
