using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>F32: read where they lie.</summary>
internal sealed unsafe class SingleKvLayout : KvLayout
{
    public override void Write(VectorKernels kernels, float* key, float* value, byte* keys, byte* values, int slot, int length)
    {
        Scatter(new ReadOnlySpan<float>(key, length), (float*)keys + slot);
        Unsafe.CopyBlockUnaligned((float*)values + (slot * length), value, (uint)(length * sizeof(float)));
    }

    public override float* Keys(VectorKernels kernels, byte* keys, byte* ahead, int length, bool finite, float* y) => (float*)keys;

    public override float* Values(
        VectorKernels kernels, byte* values, byte* ahead, int length, bool finite, float* y, int rows, int stride)
    {
        if (length == stride)
            return (float*)values;

        for (int i = 0; i < rows; i++)
            Unsafe.CopyBlockUnaligned(y + (i * stride), (float*)values + (i * length), (uint)(length * sizeof(float)));

        return y;
    }
}
