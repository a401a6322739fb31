namespace QwenSharp.Numerics;

/// <summary>
/// Rounds a block of activations to 8 bits: d = max|x| / 127 and code = round(x / d), ties to even, so −127 … 127.
/// A block with an infinity or a NaN gets d = NaN, which makes every product with it NaN.
/// </summary>
internal static class ActivationQuantizer
{
    // Below this 127 / max would overflow; such a block is zero for all purposes.
    public const float Smallest = 1e-30f;

    /// <summary>Activations that share a scale beside weights of a type: 256, 32, or 1 where they are not rounded.</summary>
    public static int BlockLength(TensorType type) =>
        type.BlockLength() == 1 ? 1
        : type.BlockLength() == 256 && !type.HasCodebook() ? 256
        : 32;

    /// <summary>The scale d of a block and what to multiply its elements with, from the bits of its largest magnitude.</summary>
    public static (float Scale, float Inverse) Scale(int largestBits)
    {
        float largest = BitConverter.Int32BitsToSingle(largestBits);
        if (!float.IsFinite(largest))
            return (float.NaN, 0);

        return largest < Smallest ? (0, 0) : (largest / 127, 127 / largest);
    }

    /// <summary>The plain form of the rounding.</summary>
    public static float Quantize(ReadOnlySpan<float> x, Span<sbyte> codes)
    {
        int largest = 0;
        foreach (float value in x)
            largest = Math.Max(largest, BitConverter.SingleToInt32Bits(value) & int.MaxValue);

        (float scale, float inverse) = Scale(largest);
        for (int i = 0; i < x.Length; i++)
            codes[i] = inverse == 0 ? (sbyte)0 : (sbyte)MathF.Round(x[i] * inverse);

        return scale;
    }
}
