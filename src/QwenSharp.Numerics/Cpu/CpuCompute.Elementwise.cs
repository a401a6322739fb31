namespace QwenSharp.Numerics;

public partial class CpuCompute
{
    // Below this many floats the caller is done sooner alone than with others (a job costs 1 … 3 µs).
    private protected const int SharedFloats = 16 * 1024;

    // Logits are many (a vocabulary), so single-precision sums go over chunks, and a double over these.
    private const int LogitChunk = 4096;

    private protected VectorKernels Vectors => field ??= VectorKernels.For(Isa);

    /// <inheritdoc/>
    public override unsafe void RmsNorm(Activations x, int rows, Tensor weight, float epsilon, Activations y)
    {
        CheckRows(rows, x, y);
        CheckNorm(weight, x.Width);
        ForEachRow(new RmsNormRows(Vectors, x.Pointer, (float*)weight.Pointer, epsilon, y.Pointer, x.Width), rows, x.Width);
        Keep(x, y, weight);
    }

    /// <inheritdoc/>
    public override unsafe void NormalizeAndRotate(
        Activations x, int rows, int headLength, Tensor? normWeight, float epsilon, Activations rotations)
    {
        CheckRows(rows, x, x);
        CheckHeads(x, rows, headLength, rotations);
        if (normWeight is not null)
            CheckNorm(normWeight, headLength);

        float* weight = normWeight is null ? null : (float*)normWeight.Pointer;
        ForEachRow(
            new HeadRows(Vectors, x.Pointer, x.Width, headLength, weight, epsilon, rotations.Pointer, rotations.Width / 2),
            rows,
            x.Width);
        Keep(x, rotations, normWeight);
    }

    /// <inheritdoc/>
    public override unsafe void SwiGlu(Activations gate, Activations up, int rows, Activations y)
    {
        CheckRows(rows, gate, up);
        CheckRows(rows, gate, y);
        ForEachRow(new SwiGluRows(Vectors, gate.Pointer, up.Pointer, y.Pointer, gate.Width), rows, 4 * gate.Width);
        Keep(gate, up, y);
    }

    /// <summary>y += x, for the first <paramref name="rows"/> rows.</summary>
    /// <exception cref="ArgumentException">Shapes do not fit.</exception>
    public unsafe void Add(Activations x, int rows, Activations y)
    {
        CheckRows(rows, x, y);
        ForEachRow(new AddRows(Vectors, x.Pointer, y.Pointer, x.Width), rows, x.Width);
        Keep(x, y);
    }

    /// <summary>y = x, for the first <paramref name="rows"/> rows.</summary>
    /// <exception cref="ArgumentException">Shapes do not fit.</exception>
    public unsafe void CopyRows(Activations x, int rows, Activations y)
    {
        CheckRows(rows, x, y);
        ForEachRow(new CopyRowsJob(x.Pointer, y.Pointer, x.Width), rows, x.Width);
        Keep(x, y);
    }

    /// <inheritdoc/>
    public override unsafe void KeepRows(Activations x, ReadOnlySpan<int> rows)
    {
        int least = 0;
        foreach (int row in rows)
        {
            if (row < least || row >= x.Capacity)
                throw new ArgumentException($"Row {row} is not one of {x.Capacity}, or does not ascend.", nameof(rows));

            least = row + 1;
        }

        // Rows are written in order, as each lies where an earlier one may have been.
        long bytes = (long)x.Width * sizeof(float);
        for (int i = 0; i < rows.Length; i++)
        {
            if (rows[i] != i)
                Buffer.MemoryCopy(x.Pointer + ((long)rows[i] * x.Width), x.Pointer + ((long)i * x.Width), bytes, bytes);
        }

        GC.KeepAlive(x);
    }

    /// <inheritdoc/>
    public override unsafe void JoinRows(Activations first, Activations second, int rows, Activations y)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        if (y.Width != first.Width + second.Width || rows > Math.Min(y.Capacity, Math.Min(first.Capacity, second.Capacity)))
        {
            throw new ArgumentException(
                $"{rows} rows of [{first.Capacity}, {first.Width}] and [{second.Capacity}, {second.Width}] do not go side by side into "
                    + $"[{y.Capacity}, {y.Width}].",
                nameof(y));
        }

        ForEachRow(new JoinedRows(first.Pointer, first.Width, second.Pointer, second.Width, y.Pointer), rows, y.Width);
        Keep(first, second);
        GC.KeepAlive(y);
    }

    /// <summary>The index of the greatest element, the lowest among equals; NaN is passed over. −1 where there is none.</summary>
    public unsafe int ArgMax(ReadOnlySpan<float> x)
    {
        // The maximum of each chunk by vectors, and then one chunk element by element.
        int best = 0;
        float max = float.NegativeInfinity;
        fixed (float* pointer = x)
        {
            for (int i = 0; i < x.Length; i += LogitChunk)
            {
                float here = Vectors.Max(pointer + i, Math.Min(LogitChunk, x.Length - i));
                if (here > max)
                    (best, max) = (i, here);
            }
        }

        int index = x[best..].IndexOf(max);
        return index < 0 ? -1 : best + index;
    }

    /// <summary>ln Σ eˣ without overflow: logits less this are log-probabilities. NaN if any element is; −∞ of nothing.</summary>
    public unsafe float LogSumExp(ReadOnlySpan<float> x)
    {
        fixed (float* pointer = x)
        {
            float max = Vectors.Max(pointer, x.Length);
            float shift = float.IsFinite(max) ? max : 0;
            double sum = 0;
            for (int i = 0; i < x.Length; i += LogitChunk)
                sum += Vectors.SumOfExp(pointer + i, shift, Math.Min(LogitChunk, x.Length - i));

            return (float)(shift + Math.Log(sum));
        }
    }

    /// <summary>Softmax in place: x ← eˣ / Σ eˣ. All NaN if any element is NaN or +∞, or all are −∞.</summary>
    public unsafe void Softmax(Span<float> x)
    {
        fixed (float* pointer = x)
            Softmax(Vectors, pointer, x.Length);
    }

    internal static unsafe void Softmax(VectorKernels kernels, float* x, int length)
    {
        float max = kernels.Max(x, length);
        double sum = 0;
        for (int i = 0; i < length; i += LogitChunk)
            sum += kernels.ExpAndSum(x + i, max, x + i, Math.Min(LogitChunk, length - i));

        kernels.Scale(x, (float)(1 / sum), length);
    }

    private protected static void CheckRows(int rows, Activations x, Activations y)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        if (x.Width != y.Width || rows > x.Capacity || rows > y.Capacity)
        {
            throw new ArgumentException(
                $"{rows} rows are not in both [{x.Capacity}, {x.Width}] and [{y.Capacity}, {y.Width}].",
                nameof(rows));
        }
    }

    private protected static void CheckNorm(Tensor weight, int width)
    {
        if (weight.Type != TensorType.F32 || weight.ElementCount != width)
            throw new ArgumentException($"A norm over {width} elements needs as many F32 weights, not {weight}.", nameof(weight));
    }

    private protected static void CheckHeads(Activations x, int rows, int headLength, Activations rotations)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(headLength);
        if (x.Width % headLength != 0 || rotations.Width % 2 != 0 || rotations.Width > headLength || rows > rotations.Capacity)
        {
            throw new ArgumentException(
                $"{rotations.Capacity} rotations of width {rotations.Width} do not fit {rows} rows of width {x.Width} in heads of "
                    + $"{headLength}.",
                nameof(rotations));
        }
    }

    private protected static void Keep(Activations x, Activations y, object? other = null)
    {
        GC.KeepAlive(x);
        GC.KeepAlive(y);
        (other as Tensor)?.KeepAlive();
        GC.KeepAlive(other);
    }

    private protected void ForEachRow<TRows>(TRows operation, int rows, int workPerRow)
        where TRows : struct, IRowOperation
    {
        long work = (long)rows * workPerRow;
        int chunk = work < SharedFloats ? rows : Math.Max(1, SharedFloats / 4 / workPerRow);
        RowsJob<TRows> job = new(operation, rows, chunk);
        if (rows > 0)
            Pool.Run(ref job, (rows + chunk - 1) / chunk);
    }
}
