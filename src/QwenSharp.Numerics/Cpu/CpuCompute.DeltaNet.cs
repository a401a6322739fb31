namespace QwenSharp.Numerics;

public partial class CpuCompute
{
    // The sequences of a job, in memory that is kept for the next one.
    private SequenceRows[] _recurrent = [];

    /// <inheritdoc/>
    public override unsafe void Convolve(
        RecurrentStore store,
        int layer,
        Activations x,
        Tensor taps,
        ReadOnlySpan<SequenceRows> sequences,
        Activations y)
    {
        int width = store.Shape.ConvolutionWidth;
        if (x.Width != width || y.Width != width || x == y)
        {
            throw new ArgumentException(
                $"Inputs of width {x.Width} and outputs of width {y.Width} must be two matrices of {width} channels.",
                nameof(x));
        }

        if (taps.Type != TensorType.F32 || !taps.Shape.SequenceEqual([width, store.Shape.Taps]))
        {
            throw new ArgumentException(
                $"A convolution of {width} channels needs F32 weights of shape [{width}, {store.Shape.Taps}], not {taps}.",
                nameof(taps));
        }

        int rows = Check(store, layer, sequences, Math.Min(x.Capacity, y.Capacity));
        int slices = (width + ConvolveJob.SliceChannels - 1) / ConvolveJob.SliceChannels;
        ConvolveJob job = new(Vectors, store.OnHost(), layer, _recurrent, x.Pointer, (float*)taps.Pointer, y.Pointer, slices);
        Run(ref job, slices * sequences.Length, (long)rows * width);
        GC.KeepAlive(store);
        Keep(x, y, taps);
    }

    /// <inheritdoc/>
    public override unsafe void DeltaRule(
        RecurrentStore store, int layer, Activations convolved, Activations a, Activations b, Tensor rate, Tensor bias, float epsilon,
        ReadOnlySpan<SequenceRows> sequences, Activations y)
    {
        DeltaNetShape shape = store.Shape;
        if (
            convolved.Width != shape.ConvolutionWidth
            || a.Width != shape.ValueHeads
            || b.Width != shape.ValueHeads
            || y.Width != shape.ValueWidth)
        {
            throw new ArgumentException(
                $"Matrices of width {convolved.Width}, {a.Width}, {b.Width} and {y.Width} are not those of {shape}.",
                nameof(convolved));
        }

        CheckNorm(rate, shape.ValueHeads);
        CheckNorm(bias, shape.ValueHeads);
        int rows = Check(store, layer, sequences, Math.Min(Math.Min(convolved.Capacity, y.Capacity), Math.Min(a.Capacity, b.Capacity)));
        foreach (SequenceRows sequence in sequences)
        {
            DeltaInputRows inputs = new(
                Vectors, shape, epsilon, convolved.Pointer + ((long)sequence.FirstRow * shape.ConvolutionWidth),
                a.Pointer + ((long)sequence.FirstRow * shape.ValueHeads), b.Pointer + ((long)sequence.FirstRow * shape.ValueHeads),
                (float*)rate.Pointer, (float*)bias.Pointer);
            ForEachRow(inputs, sequence.Rows, 4 * shape.KeyWidth);
        }

        DeltaRuleJob job = new(Vectors, store.OnHost(), layer, _recurrent, convolved.Pointer, a.Pointer, b.Pointer, y.Pointer);
        Run(ref job, shape.Tiles * shape.ValueHeads * sequences.Length, rows * shape.ValueHeads * (long)shape.HeadStateLength);
        GC.KeepAlive(store);
        Keep(convolved, y, rate);
        Keep(a, b, bias);
    }

    /// <inheritdoc/>
    public override unsafe void NormalizeGated(Activations x, int rows, Tensor weight, float epsilon, Activations gate)
    {
        CheckRows(rows, x, gate);
        int length = checked((int)weight.ElementCount);
        if (length == 0 || x.Width % length != 0)
            throw new ArgumentException($"Rows of width {x.Width} are not heads of {weight}.", nameof(weight));

        CheckNorm(weight, length);
        ForEachRow(
            new GatedNormRows(Vectors, x.Pointer, gate.Pointer, x.Width, length, (float*)weight.Pointer, epsilon),
            rows,
            4 * x.Width);
        Keep(x, gate, weight);
    }

    /// <inheritdoc/>
    public override unsafe void SplitHeads(Activations x, int rows, int headLength, Activations first, Activations second)
    {
        CheckRows(rows, first, second);
        if (x.Width != 2 * first.Width || first.Width % headLength != 0 || rows > x.Capacity)
        {
            throw new ArgumentException(
                $"{rows} rows of [{x.Capacity}, {x.Width}] are not two of width {first.Width} in heads of {headLength}.",
                nameof(x));
        }

        ForEachRow(new SplitHeadRows(x.Pointer, first.Pointer, second.Pointer, first.Width, headLength), rows, 2 * first.Width);
        Keep(x, first, second);
    }

    /// <inheritdoc/>
    public override unsafe void MultiplyBySigmoid(Activations gate, int rows, Activations y)
    {
        CheckRows(rows, gate, y);
        ForEachRow(new SigmoidGateRows(Vectors, gate.Pointer, y.Pointer, y.Width), rows, 4 * y.Width);
        Keep(gate, y);
    }

    private int Check(RecurrentStore store, int layer, ReadOnlySpan<SequenceRows> sequences, int capacity)
    {
        if ((uint)layer >= (uint)store.Layers)
            throw new ArgumentOutOfRangeException(nameof(layer), layer, $"The store has {store.Layers} recurrent layers.");

        int rows = 0;
        foreach (SequenceRows sequence in sequences)
        {
            if (sequence.FirstRow < 0 || sequence.Rows < 0 || sequence.FirstRow > capacity - sequence.Rows || sequence.FirstPosition < 0)
            {
                throw new ArgumentException(
                    $"Rows {sequence.FirstRow} … +{sequence.Rows} at position {sequence.FirstPosition} are not in a batch of "
                        + $"{capacity} rows.",
                    nameof(sequences));
            }

            if ((uint)sequence.Slot >= (uint)store.Slots)
                throw new ArgumentException($"The store has {store.Slots} slots, and no slot {sequence.Slot}.", nameof(sequences));

            rows += sequence.Rows;
        }

        if (_recurrent.Length < sequences.Length)
            _recurrent = new SequenceRows[sequences.Length];

        sequences.CopyTo(_recurrent);
        return rows;
    }

    private void Run<TJob>(ref TJob job, int tasks, long work)
        where TJob : struct, IParallelJob
    {
        if (work >= SharedFloats)
        {
            Pool.Run(ref job, tasks);
            return;
        }

        for (int task = 0; task < tasks; task++)
            job.Execute(task, 0);
    }
}
