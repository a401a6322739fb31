namespace QwenSharp.Numerics;

/// <summary>RMSNorm of each head of a row, multiplied by silu(gate).</summary>
internal readonly unsafe struct GatedNormRows(
    VectorKernels kernels,
    float* x,
    float* gate,
    int width,
    int headLength,
    float* weight,
    float epsilon
) : IRowOperation
{
    public void Execute(int row)
    {
        float* start = x + ((long)row * width);
        for (float* head = start, end = start + width; head < end; head += headLength)
            kernels.RmsNorm(head, weight, epsilon, head, headLength);

        kernels.SwiGlu(gate + ((long)row * width), start, start, width);
    }
}

internal readonly unsafe struct SigmoidGateRows(VectorKernels kernels, float* gate, float* y, int width) : IRowOperation
{
    public void Execute(int row) => kernels.MultiplyBySigmoid(gate + ((long)row * width), y + ((long)row * width), width);
}

/// <summary>Pairs of heads taken apart; <c>width</c> is that of either half.</summary>
internal readonly unsafe struct SplitHeadRows(float* x, float* first, float* second, int width, int headLength) : IRowOperation
{
    public void Execute(int row)
    {
        float* from = x + (2L * row * width);
        long at = (long)row * width;
        for (int head = 0; head < width; head += headLength, from += 2 * headLength)
        {
            new ReadOnlySpan<float>(from, headLength).CopyTo(new Span<float>(first + at + head, headLength));
            new ReadOnlySpan<float>(from + headLength, headLength).CopyTo(new Span<float>(second + at + head, headLength));
        }
    }
}
