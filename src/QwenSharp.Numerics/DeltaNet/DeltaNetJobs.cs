namespace QwenSharp.Numerics;

/// <summary>
/// The convolution; a task is a slice of the channels of one sequence, through all its rows, and the inputs that it leaves behind.
/// </summary>
internal readonly unsafe struct ConvolveJob(
    VectorKernels kernels,
    HostRecurrentStore store,
    int layer,
    SequenceRows[] sequences,
    float* x,
    float* weights,
    float* y,
    int slices
) : IParallelJob
{
    /// <summary>Channels of a task: with four taps its rows and weights fit the first-level cache.</summary>
    public const int SliceChannels = 512;

    private readonly int _width = store.Shape.ConvolutionWidth;
    private readonly int _taps = store.Shape.Taps;

    public void Execute(int task, int worker)
    {
        ref readonly SequenceRows sequence = ref sequences[task / slices];
        int first = task % slices * SliceChannels, channels = Math.Min(SliceChannels, _width - first), kept = _taps - 1;
        float* before = store.Inputs(sequence.Slot, layer) + first;
        if (sequence.FirstPosition == 0)
        {
            for (int row = 0; row < kept; row++)
                new Span<float>(before + ((long)row * _width), channels).Clear();
        }

        float** inputs = stackalloc float*[_taps];
        float* rows = x + ((long)sequence.FirstRow * _width) + first;
        for (int row = 0; row < sequence.Rows; row++)
        {
            for (int tap = 0; tap < _taps; tap++)
                inputs[tap] = Input(before, rows, row - kept + tap);

            kernels.Convolve(inputs, weights + first, _width, _taps, y + ((long)(sequence.FirstRow + row) * _width) + first, channels);
        }

        // Ascending: what is overwritten has been moved already.
        for (int row = 0; row < kept; row++)
        {
            float* from = Input(before, rows, sequence.Rows - kept + row);
            Buffer.MemoryCopy(from, before + ((long)row * _width), channels * sizeof(float), channels * sizeof(float));
        }
    }

    /// <summary>The input at a row of the batch, or at a negative row before it.</summary>
    private float* Input(float* before, float* rows, int row) =>
        row < 0 ? before + ((long)(_taps - 1 + row) * _width) : rows + ((long)row * _width);
}

/// <summary>
/// What the delta rule needs of a row: queries and keys of length one, the queries scaled by 1/√keyLength,
/// α = exp(A · softplus(a + bias)) in place of a, and β = sigmoid(b) in place of b.
/// </summary>
internal readonly unsafe struct DeltaInputRows(
    VectorKernels kernels,
    DeltaNetShape shape,
    float epsilon,
    float* convolved,
    float* a,
    float* b,
    float* rate,
    float* bias
) : IRowOperation
{
    public void Execute(int row)
    {
        float* query = convolved + ((long)row * shape.ConvolutionWidth), key = query + shape.KeyWidth;
        float scale = 1 / MathF.Sqrt(shape.KeyLength);
        for (int head = 0; head < shape.KeyHeads; head++)
        {
            kernels.NormalizeL2(query + ((long)head * shape.KeyLength), epsilon, scale, shape.KeyLength);
            kernels.NormalizeL2(key + ((long)head * shape.KeyLength), epsilon, 1, shape.KeyLength);
        }

        float* decay = a + ((long)row * shape.ValueHeads), beta = b + ((long)row * shape.ValueHeads);
        for (int head = 0; head < shape.ValueHeads; head++)
        {
            decay[head] = (float)Math.Exp(rate[head] * Softplus((double)decay[head] + bias[head]));
            beta[head] = (float)(1 / (1 + Math.Exp(-(double)beta[head])));
        }
    }

    // ln(1 + eˣ), which is x to the last bit where eˣ would overflow.
    private static double Softplus(double x) => x > 40 ? x : Math.Log(1 + Math.Exp(x));
}

/// <summary>
/// The gated delta rule; a task is a tile of one head's state, taken through all rows of one sequence: the state stays in the first-level
/// cache, and a prompt gives the same bits as its tokens one by one.
/// </summary>
internal readonly unsafe struct DeltaRuleJob(
    VectorKernels kernels,
    HostRecurrentStore store,
    int layer,
    SequenceRows[] sequences,
    float* convolved,
    float* decay,
    float* beta,
    float* y
) : IParallelJob
{
    public void Execute(int task, int worker)
    {
        const int Columns = DeltaNetShape.TileColumns;
        DeltaNetShape shape = store.Shape;
        int tile = task % shape.Tiles, head = task / shape.Tiles % shape.ValueHeads;
        ref readonly SequenceRows sequence = ref sequences[task / (shape.Tiles * shape.ValueHeads)];
        float* state = store.Tile(sequence.Slot, layer, head, tile);
        if (sequence.FirstPosition == 0)
            new Span<float>(state, shape.TileLength).Clear();

        int first = tile * Columns,
            columns = Math.Min(Columns, shape.ValueLength - first);
        long queryAt = (long)shape.KeyHeadOf(head) * shape.KeyLength,
            valueAt = (2L * shape.KeyWidth) + ((long)head * shape.ValueLength) + first;
        float* value = stackalloc float[Columns],
            output = stackalloc float[Columns];
        new Span<float>(value, Columns).Clear();
        for (int row = sequence.FirstRow; row < sequence.FirstRow + sequence.Rows; row++)
        {
            float* input = convolved + ((long)row * shape.ConvolutionWidth), query = input + queryAt;
            new ReadOnlySpan<float>(input + valueAt, columns).CopyTo(new Span<float>(value, columns));
            long gate = ((long)row * shape.ValueHeads) + head;
            kernels.DeltaStep(state, shape.KeyLength, query, query + shape.KeyWidth, value, decay[gate], beta[gate], output);
            new ReadOnlySpan<float>(output, columns).CopyTo(
                new Span<float>(y + ((long)row * shape.ValueWidth) + ((long)head * shape.ValueLength) + first, columns));
        }
    }
}
