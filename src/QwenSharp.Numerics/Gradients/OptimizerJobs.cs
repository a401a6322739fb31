namespace QwenSharp.Numerics;

/// <summary>A step of AdamW; a task is a run of elements.</summary>
internal readonly unsafe struct AdamWJob(
    VectorKernels kernels, float* value, float* gradient, float* mean, float* variance, AdamWFactors factors, long length) : IParallelJob
{
    public const int TaskFloats = 16 * 1024;

    private readonly AdamWFactors _factors = factors;

    public void Execute(int task, int worker)
    {
        long at = (long)task * TaskFloats;
        kernels.AdamW(value + at, gradient + at, mean + at, variance + at, _factors, (int)Math.Min(TaskFloats, length - at));
    }
}

/// <summary>Sums of squares; a task is a run of elements: single precision over chunks of it, and double over these.</summary>
internal readonly unsafe struct SquaresJob(VectorKernels kernels, float* x, long length, double* sums) : IParallelJob
{
    public const int TaskFloats = 64 * 1024;

    private const int Chunk = 1024;

    public void Execute(int task, int worker)
    {
        long end = Math.Min(length, (task + 1L) * TaskFloats);
        double sum = 0;
        for (long at = (long)task * TaskFloats; at < end; at += Chunk)
            sum += kernels.SumOfSquares(x + at, (int)Math.Min(Chunk, end - at));

        sums[task] = sum;
    }
}
