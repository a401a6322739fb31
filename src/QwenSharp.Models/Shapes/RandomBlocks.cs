using System.Buffers.Binary;
using System.Runtime.InteropServices;
using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// Random data of any weight type: random codes under finite scales, so that elements have about zero mean and a given deviation.
/// </summary>
internal static class RandomBlocks
{
    /// <summary>Fills whole blocks.</summary>
    /// <param name="type">A type that has a matrix product.</param>
    /// <param name="data">Whole blocks.</param>
    /// <param name="deviation">The standard deviation of the elements, roughly.</param>
    /// <param name="random">Where the numbers come from.</param>
    public static void Fill(TensorType type, Span<byte> data, float deviation, Random random)
    {
        if (type is TensorType.F32 or TensorType.F16 or TensorType.BF16)
        {
            FillFloats(type, data, deviation, random);
            return;
        }

        random.NextBytes(data);
        (int scaleAt, int minimumAt, float codeDeviation, float codeMean) = Layout(type);
        for (int block = 0; block < data.Length; block += type.BlockBytes())
        {
            float scale = deviation / codeDeviation * (0.75f + 0.5f * random.NextSingle());
            BinaryPrimitives.WriteHalfLittleEndian(data[(block + scaleAt)..], (Half)scale);

            // The minimum takes the mean of the unsigned codes away.
            if (minimumAt >= 0)
                BinaryPrimitives.WriteHalfLittleEndian(data[(block + minimumAt)..], (Half)(scale * codeMean));
        }
    }

    /// <summary>
    /// Where a block keeps its scale and its minimum, and how its codes are spread when all bits are random:
    /// their deviation under the block's scale (sub-scales included), and what the minimum must be multiplied with.
    /// </summary>
    private static (int ScaleAt, int MinimumAt, float Deviation, float Mean) Layout(TensorType type) => type switch
    {
        TensorType.Q8_0 => (0, -1, 74, 0),
        TensorType.Q4_0 => (0, -1, 4.6f, 0),
        TensorType.Q4_1 => (0, 2, 4.6f, -7.5f),
        TensorType.Q5_0 => (0, -1, 9.2f, 0),
        TensorType.Q5_1 => (0, 2, 9.2f, -15.5f),
        TensorType.Q2_K => (80, 82, 13.4f, 1.5f),
        TensorType.Q3_K => (108, -1, 43, 0),
        TensorType.Q4_K => (0, 2, 257, 7.5f),
        TensorType.Q5_K => (0, 2, 525, 15.5f),
        TensorType.Q6_K => (208, -1, 1_370, 0),
        TensorType.IQ4_NL => (0, -1, 71, 0),
        TensorType.IQ4_XS => (0, -1, 1_310, 0),
        _ => throw new ArgumentException($"{type} is not a type of weights.", nameof(type)),
    };

    private static void FillFloats(TensorType type, Span<byte> data, float deviation, Random random)
    {
        // A uniform distribution over ±a has the deviation a / √3.
        float reach = deviation * MathF.Sqrt(3);
        if (type == TensorType.F32)
        {
            foreach (ref float value in MemoryMarshal.Cast<byte, float>(data))
                value = reach * (2 * random.NextSingle() - 1);
        }
        else
        {
            foreach (ref ushort value in MemoryMarshal.Cast<byte, ushort>(data))
            {
                float number = reach * (2 * random.NextSingle() - 1);
                value = type == TensorType.F16
                    ? BitConverter.HalfToUInt16Bits((Half)number)
                    : (ushort)(BitConverter.SingleToUInt32Bits(number) >> 16);
            }
        }
    }
}
