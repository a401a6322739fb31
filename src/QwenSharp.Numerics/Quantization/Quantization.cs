using System.Buffers.Binary;
using System.Globalization;

namespace QwenSharp.Numerics;

/// <summary>
/// Conversion between F32 and the storage types of weights. Block layouts and the formulas that decode them are ggml's;
/// the search for good codes when encoding is our own.
/// </summary>
public static unsafe partial class Quantization
{
    /// <summary>Rounds F32 to a storage type. Not every block can hold every value: the errors are those of the type.</summary>
    /// <remarks>
    /// The codes and scales that are chosen make Σ w (x − x̂)² small, where w is the importance of an element's column, or 1: they
    /// are not those of another program. The same values give the same bytes on every processor. Calls are independent: rows can be
    /// converted in parallel.
    /// </remarks>
    /// <param name="type">Any type with <see cref="TensorTypes.CanQuantize"/>.</param>
    /// <param name="values">Whole blocks of finite values: rows of a matrix, one after the other.</param>
    /// <param name="data">As many bytes as the elements take.</param>
    /// <param name="importance">
    /// None, or the importance of each column of the rows, as llama.cpp's importance matrix has it: the mean square of the activations that
    /// meet the column. Its length is that of a row.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The lengths do not fit each other, a value is not finite, an importance is negative or not finite, or a block is too large for its
    /// scale's type.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">The type cannot be written.</exception>
    public static void Quantize(TensorType type, ReadOnlySpan<float> values, Span<byte> data, ReadOnlySpan<float> importance = default)
    {
        Check(type, values, data, importance);
        switch (type)
        {
            case TensorType.F32:
                for (int i = 0; i < values.Length; i++)
                    BinaryPrimitives.WriteSingleLittleEndian(data[(4 * i)..], values[i]);

                return;
            case TensorType.F16:
                for (int i = 0; i < values.Length; i++)
                {
                    Half half = (Half)values[i];
                    if (!Half.IsFinite(half))
                        throw TooLarge(values[i], i, "half precision", (float)Half.MaxValue, nameof(values));

                    BinaryPrimitives.WriteHalfLittleEndian(data[(2 * i)..], half);
                }

                return;
            case TensorType.BF16:
                for (int i = 0; i < values.Length; i++)
                {
                    ushort upper = RoundToBFloat16(values[i]);
                    if (!float.IsFinite(BitConverter.UInt32BitsToSingle((uint)upper << 16)))
                        throw TooLarge(values[i], i, "BF16", BitConverter.UInt32BitsToSingle(0x7F7F0000), nameof(values));

                    BinaryPrimitives.WriteUInt16LittleEndian(data[(2 * i)..], upper);
                }

                return;
        }

        int length = type.BlockLength(), bytes = type.BlockBytes();
        float* weights = stackalloc float[256];
        new Span<float>(weights, 256).Fill(1);
        fixed (float* x = values)
        {
            for (int start = 0; start < values.Length; start += length, data = data[bytes..])
            {
                if (!importance.IsEmpty)
                    Weigh(importance.Slice(start % importance.Length, length), weights);

                if (type.HasCodebook())
                    CodebookEncoder.Encode(type, x + start, weights, data[..bytes]);
                else if (length == 256)
                    SuperBlockEncoder.Encode(type, x + start, weights, data[..bytes]);
                else
                    BlockEncoder.Encode(type, x + start, weights, data[..bytes]);
            }
        }
    }

    private static void Check(TensorType type, ReadOnlySpan<float> values, ReadOnlySpan<byte> data, ReadOnlySpan<float> importance)
    {
        if (!type.CanQuantize())
        {
            throw new ArgumentOutOfRangeException(
                nameof(type),
                $"{type} cannot be written; use one of {string.Join(", ", Enum.GetValues<TensorType>().Where(TensorTypes.CanQuantize))}.");
        }

        if (data.Length != type.Bytes(values.Length))
        {
            throw new ArgumentException(
                $"{values.Length} elements of {type} are {type.Bytes(values.Length)} bytes, not {data.Length}.",
                nameof(data));
        }

        if (!importance.IsEmpty && (values.Length % importance.Length != 0 || importance.Length % type.BlockLength() != 0))
        {
            throw new ArgumentException(
                $"{importance.Length} columns of importance do not fit {values.Length} elements in blocks of "
                    + $"{type.BlockLength()} ({type}).",
                nameof(importance));
        }

        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
                throw new ArgumentException($"Element {i} is {values[i]}; only finite values can be quantised.", nameof(values));
        }

        for (int i = 0; i < importance.Length; i++)
        {
            if (!float.IsFinite(importance[i]) || importance[i] < 0)
            {
                throw new ArgumentException(
                    $"The importance of column {i} is {importance[i]}; it is the mean of squares.",
                    nameof(importance));
            }
        }
    }

    // About 1 in the mean; columns that nothing met still count a little, so that they are not left to chance.
    private static void Weigh(ReadOnlySpan<float> importance, float* weights)
    {
        const float Least = 1e-4f;
        double sum = 0;
        foreach (float value in importance)
            sum += value;

        double scale = sum > 0 ? importance.Length / sum : 0;
        for (int i = 0; i < importance.Length; i++)
            weights[i] = (float)(importance[i] * scale) + Least;
    }

    // Nearest, ties to even.
    private static ArgumentException TooLarge(float value, int index, string type, float most, string parameter) =>
        new(string.Create(CultureInfo.InvariantCulture, $"Element {index} is {value}; {type} holds numbers up to {most}."), parameter);

    private static ushort RoundToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)(bits + 0x7fff + (bits >> 16 & 1) >> 16);
    }
}
