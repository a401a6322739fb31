namespace QwenSharp.Numerics;

/// <summary>Something that is done to each row of a batch by itself, and adds to a sum over rows where one is asked for.</summary>
internal unsafe interface ISummedRowOperation
{
    /// <param name="row">Which row.</param>
    /// <param name="sum">The sum so far, or null.</param>
    void Execute(int row, float* sum);
}

/// <summary>
/// A row operation with a sum over the rows; a task is a block of them. Blocks begin at multiples of <see cref="BlockRows"/> and
/// each has a sum of its own, so the sum over blocks, in their order, does not depend on who did which.
/// </summary>
internal readonly unsafe struct RowBlocksJob<TRows>(TRows operation, int rows, float* sums, int width) : IParallelJob
    where TRows : struct, ISummedRowOperation
{
    public const int BlockRows = 32;

    public static int Blocks(int rows) => (rows + BlockRows - 1) / BlockRows;

    public void Execute(int task, int worker)
    {
        float* sum = sums is null ? null : sums + ((long)task * width);
        if (sum is not null)
            new Span<float>(sum, width).Clear();

        int end = Math.Min(rows, (task + 1) * BlockRows);
        for (int row = task * BlockRows; row < end; row++)
            operation.Execute(row, sum);
    }
}

internal readonly unsafe struct RmsNormGradients(
    VectorKernels kernels,
    float* x,
    float* weight,
    float epsilon,
    float* dy,
    float* dx,
    int width
) : ISummedRowOperation
{
    public void Execute(int row, float* sum)
    {
        long at = (long)row * width;
        kernels.RmsNormBackward(x + at, weight, epsilon, dy + at, dx + at, accumulate: true, sum, width);
    }
}

/// <summary>Undoes the rotation of each head's gradient, and goes back through its norm where there is a weight.</summary>
internal readonly unsafe struct HeadGradients(
    VectorKernels kernels,
    float* x,
    int width,
    int headLength,
    float* weight,
    float epsilon,
    float* rotations,
    int pairs,
    float* dy,
    float* dx
) : ISummedRowOperation
{
    public void Execute(int row, float* sum)
    {
        float* cosines = rotations + ((long)row * 2 * pairs);
        long at = (long)row * width, end = at + width;
        if (dx != dy)
            new Span<float>(dy + at, width).CopyTo(new Span<float>(dx + at, width));

        for (; at < end; at += headLength)
        {
            kernels.RotateBack(dx + at, cosines, cosines + pairs, pairs);
            if (weight is not null)
                kernels.RmsNormBackward(x + at, weight, epsilon, dx + at, dx + at, accumulate: false, sum, headLength);
        }
    }
}

internal readonly unsafe struct SumOfRows(VectorKernels kernels, float* x, int width) : ISummedRowOperation
{
    public void Execute(int row, float* sum) => kernels.Add(x + ((long)row * width), sum, width);
}

internal readonly unsafe struct SwiGluGradients(
    VectorKernels kernels,
    float* gate,
    float* up,
    float* dy,
    float* dGate,
    float* dUp,
    int width
) : IRowOperation
{
    public void Execute(int row)
    {
        long at = (long)row * width;
        kernels.SwiGluBackward(gate + at, up + at, dy + at, dGate + at, dUp + at, width);
    }
}

/// <summary>y[row] += factor · x[row].</summary>
internal readonly unsafe struct AddScaledRows(VectorKernels kernels, float* x, float factor, float* y, int width) : IRowOperation
{
    public void Execute(int row) => kernels.AddScaled(x + ((long)row * width), factor, y + ((long)row * width), width);
}

internal readonly unsafe struct ScaledRows(VectorKernels kernels, float* x, float factor, int width) : IRowOperation
{
    public void Execute(int row) => kernels.Scale(x + ((long)row * width), factor, width);
}

/// <summary>x[row] += bias.</summary>
internal readonly unsafe struct BiasedRows(VectorKernels kernels, float* x, float* bias, int width) : IRowOperation
{
    public void Execute(int row) => kernels.Add(bias, x + ((long)row * width), width);
}

/// <summary>table[ids[r]] += dy[r] in the order of r; a task is a slice of the columns, so that no two write the same place.</summary>
internal readonly unsafe struct ScatterJob(VectorKernels kernels, int* ids, int rows, float* dy, float* table, int width, int slice)
    : IParallelJob
{
    public void Execute(int task, int worker)
    {
        int column = task * slice, length = Math.Min(slice, width - column);
        for (int row = 0; row < rows; row++)
            kernels.Add(dy + ((long)row * width) + column, table + ((long)ids[row] * width) + column, length);
    }
}
