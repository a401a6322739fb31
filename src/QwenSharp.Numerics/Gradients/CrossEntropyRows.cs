namespace QwenSharp.Numerics;

/// <summary>The loss of a row, and its gradient in the place of the logits.</summary>
internal readonly unsafe struct CrossEntropyRows(
    VectorKernels kernels,
    float* logits,
    int width,
    int* targets,
    float* weights,
    float scale,
    bool gradient,
    double* losses
) : IRowOperation
{
    // Single-precision sums go over chunks, and a double over these.
    private const int Chunk = 4096;

    public void Execute(int row)
    {
        float* x = logits + ((long)row * width);
        float weight = weights[row];
        losses[row] = 0;
        if (weight == 0)
        {
            if (gradient)
                new Span<float>(x, width).Clear();

            return;
        }

        float max = kernels.Max(x, width), target = x[targets[row]];
        double sum = 0;
        for (int i = 0; i < width; i += Chunk)
        {
            int length = Math.Min(Chunk, width - i);
            sum += gradient ? kernels.ExpAndSum(x + i, max, x + i, length) : kernels.SumOfExp(x + i, max, length);
        }

        losses[row] = weight * (Math.Log(sum) + max - target);
        if (!gradient)
            return;

        float factor = scale * weight;
        kernels.Scale(x, (float)(factor / sum), width);
        x[targets[row]] -= factor;
    }
}
