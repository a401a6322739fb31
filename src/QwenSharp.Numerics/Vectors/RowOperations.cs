namespace QwenSharp.Numerics;

/// <summary>Something that is done to each row of a batch by itself.</summary>
internal interface IRowOperation
{
    void Execute(int row);
}

/// <summary>A row operation over many rows; a task is a chunk of them.</summary>
internal readonly struct RowsJob<TRows>(TRows operation, int rows, int chunk) : IParallelJob
    where TRows : struct, IRowOperation
{
    public void Execute(int task, int worker)
    {
        int end = Math.Min(rows, (task + 1) * chunk);
        for (int row = task * chunk; row < end; row++)
            operation.Execute(row);
    }
}

internal readonly unsafe struct RmsNormRows(VectorKernels kernels, float* x, float* weight, float epsilon, float* y, int width)
    : IRowOperation
{
    public void Execute(int row) => kernels.RmsNorm(x + ((long)row * width), weight, epsilon, y + ((long)row * width), width);
}

internal readonly unsafe struct SwiGluRows(VectorKernels kernels, float* gate, float* up, float* y, int width) : IRowOperation
{
    public void Execute(int row) => kernels.SwiGlu(gate + ((long)row * width), up + ((long)row * width), y + ((long)row * width), width);
}

internal readonly unsafe struct AddRows(VectorKernels kernels, float* x, float* y, int width) : IRowOperation
{
    public void Execute(int row) => kernels.Add(x + ((long)row * width), y + ((long)row * width), width);
}

/// <summary>y[row] = x[row].</summary>
internal readonly unsafe struct CopyRowsJob(float* x, float* y, int width) : IRowOperation
{
    public void Execute(int row) =>
        Buffer.MemoryCopy(x + ((long)row * width), y + ((long)row * width), width * sizeof(float), width * sizeof(float));
}

/// <summary>y[row] = (first[row], second[row]).</summary>
internal readonly unsafe struct JoinedRows(float* first, int firstWidth, float* second, int secondWidth, float* y) : IRowOperation
{
    public void Execute(int row)
    {
        float* to = y + ((long)row * (firstWidth + secondWidth));
        new ReadOnlySpan<float>(first + ((long)row * firstWidth), firstWidth).CopyTo(new Span<float>(to, firstWidth));
        new ReadOnlySpan<float>(second + ((long)row * secondWidth), secondWidth).CopyTo(new Span<float>(to + firstWidth, secondWidth));
    }
}

/// <summary>x[row] becomes probabilities, of which the routing picks experts.</summary>
internal readonly unsafe struct RoutedRows(VectorKernels kernels, float* x, int width, ExpertRouting routing) : IRowOperation
{
    public void Execute(int row)
    {
        float* probabilities = x + ((long)row * width);
        CpuCompute.Softmax(kernels, probabilities, width);
        routing.Choose(row, new ReadOnlySpan<float>(probabilities, width));
    }
}

/// <summary>y[row] = x[rows[row]].</summary>
internal readonly unsafe struct GatherRows(float* x, int* rows, float* y, int width) : IRowOperation
{
    public void Execute(int row) =>
        Buffer.MemoryCopy(x + ((long)rows[row] * width), y + ((long)row * width), width * sizeof(float), width * sizeof(float));
}

/// <summary>y[row] += Σᵢ weights[row, i] · x[picks[row, i]], in the order of i.</summary>
internal readonly unsafe struct AddWeightedRows(VectorKernels kernels, float* x, int* picks, float* weights, int each, float* y, int width)
    : IRowOperation
{
    public void Execute(int row)
    {
        for (int i = row * each; i < (row + 1) * each; i++)
            kernels.AddScaled(x + ((long)picks[i] * width), weights[i], y + ((long)row * width), width);
    }
}

/// <summary>x[row] *= 1 / (1 + e^−gate[row]).</summary>
internal readonly unsafe struct SigmoidRows(VectorKernels kernels, float* x, float* gate, int width) : IRowOperation
{
    public void Execute(int row) => kernels.Scale(x + ((long)row * width), 1 / (1 + VectorMath.Exp<Simd1, float>(-gate[row])), width);
}

/// <summary>QK-norm, where there is a weight, and rotation of each head of a row.</summary>
internal readonly unsafe struct HeadRows(
    VectorKernels kernels, float* x, int width, int headLength, float* weight, float epsilon, float* rotations, int pairs) : IRowOperation
{
    public void Execute(int row)
    {
        float* cosines = rotations + ((long)row * 2 * pairs);
        float* head = x + ((long)row * width), end = head + width;
        for (; head < end; head += headLength)
        {
            if (weight is not null)
                kernels.RmsNorm(head, weight, epsilon, head, headLength);

            kernels.Rotate(head, cosines, cosines + pairs, pairs);
        }
    }
}
