using System.Runtime.Intrinsics;

namespace QwenSharp.Numerics;

// What an instance comes to hold of its own.
public partial class CpuCompute
{
    /// <summary>
    /// Bytes that an instance comes to hold for activations rounded to 8 bits, once it has computed these products. Each format of rounded
    /// activations
    /// has memory of its own, as large as the largest product needs. Scratch memory of the threads, less than 200 KB each, comes on top.
    /// </summary>
    /// <param name="products">The type of each weight matrix, and the input it is multiplied with: [rows, columns].</param>
    public static long ScratchBytes(IEnumerable<(TensorType Type, int Rows, int Columns)> products)
    {
        Dictionary<ActivationFormat, long> largest = [];
        foreach ((TensorType type, int rows, int columns) in products)
        {
            ActivationFormat format = LaneMatMul<Lanes128, Vector128<int>>.FormatOf(type, rows);
            if (format != ActivationFormat.Floats)
                largest[format] = Math.Max(largest.GetValueOrDefault(format), PackedActivations.BytesFor(format, rows, columns));
        }

        return largest.Values.Sum();
    }
}
