namespace QwenSharp.Numerics;

/// <summary>Elements of 16 bits.</summary>
internal abstract unsafe class ShortKvLayout : KvLayout
{
    public override void Write(VectorKernels kernels, float* key, float* value, byte* keys, byte* values, int slot, int length)
    {
        const int Piece = 128;
        ushort* rounded = stackalloc ushort[Piece];
        for (int i = 0; i < length; i += Piece)
        {
            int count = Math.Min(Piece, length - i);
            Narrow(kernels, key + i, rounded, count);
            Scatter(new ReadOnlySpan<ushort>(rounded, count), (ushort*)keys + (i * Tokens) + slot);
        }

        Narrow(kernels, value, (ushort*)values + (slot * length), length);
    }

    public override float* Keys(VectorKernels kernels, byte* keys, byte* ahead, int length, bool finite, float* y)
    {
        Widen(kernels, (ushort*)keys, y, length * Tokens, (ushort*)ahead, finite);
        return y;
    }

    public override float* Values(
        VectorKernels kernels, byte* values, byte* ahead, int length, bool finite, float* y, int rows, int stride)
    {
        // Rows that fill vectors lie without gaps, and are widened as one.
        (rows, length) = length == stride ? (1, rows * stride) : (rows, length);
        for (int i = 0; i < rows; i++)
            Widen(kernels, (ushort*)values + (i * length), y + (i * stride), length, (ushort*)ahead + (i * length), finite);

        return y;
    }

    private protected abstract void Narrow(VectorKernels kernels, float* x, ushort* y, int length);

    private protected abstract void Widen(VectorKernels kernels, ushort* x, float* y, int length, ushort* ahead, bool finite);
}

/// <summary>F16, to nearest even, saturating at ±65504.</summary>
internal sealed unsafe class HalfKvLayout : ShortKvLayout
{
    public override bool AsksForFinite => true;

    private protected override void Narrow(VectorKernels kernels, float* x, ushort* y, int length) => kernels.Narrow(x, (Half*)y, length);

    private protected override void Widen(VectorKernels kernels, ushort* x, float* y, int length, ushort* ahead, bool finite) =>
        kernels.Widen((Half*)x, y, length, (Half*)ahead, finite);
}

/// <summary>BF16, to nearest even.</summary>
internal sealed unsafe class BfloatKvLayout : ShortKvLayout
{
    private protected override void Narrow(VectorKernels kernels, float* x, ushort* y, int length) => kernels.Narrow(x, y, length);

    private protected override void Widen(VectorKernels kernels, ushort* x, float* y, int length, ushort* ahead, bool finite) =>
        kernels.Widen(x, y, length, ahead);
}
