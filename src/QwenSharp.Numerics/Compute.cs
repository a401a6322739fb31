namespace QwenSharp.Numerics;

/// <summary>
/// A backend: the operations of a forward pass, and the memory that they work on. A model is written against this class alone; the
/// processor's kernels are <see cref="CpuCompute"/>. Weights are given as they lie in the checkpoint, and never change: a backend with
/// memory of its own keeps its copies by tensor. Activations and stores are those that it made itself.
/// <para>It owns scratch memory, so one engine loop uses it at a time. Every operation computes a row (a token) the same way whatever other
/// rows are in the batch, and however its sequence was cut into batches: a backend gives the same bits for the same sequence, always.
/// Two backends need not give each other's.</para>
/// </summary>
public abstract partial class Compute : IDisposable
{
    /// <summary>
    /// Called for each product of <see cref="Project"/>, before it is computed; for measurements such as an importance matrix.
    /// </summary>
    public ProjectionObserver? Observer { get; init; }

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Allocates room for <paramref name="capacity"/> rows of <paramref name="width"/> floats, all zero.</summary>
    /// <exception cref="OutOfMemoryException">There is no such amount of memory.</exception>
    public abstract Activations CreateActivations(int capacity, int width);

    /// <summary>Reserves a KV cache.</summary>
    /// <param name="type">One of <see cref="KvStore.Types"/>.</param>
    /// <param name="layers">Layers with attention.</param>
    /// <param name="kvHeads">KV heads of a layer (GQA).</param>
    /// <param name="headLength">Features of a head.</param>
    /// <param name="blocks">How many blocks of <see cref="KvStore.BlockTokens"/> positions.</param>
    /// <exception cref="ArgumentException">The type is neither, or a number makes no sense.</exception>
    /// <exception cref="OutOfMemoryException">There is no such amount of memory.</exception>
    public abstract KvStore CreateKvStore(TensorType type, int layers, int kvHeads, int headLength, int blocks);

    /// <summary>Reserves the states of recurrent layers.</summary>
    /// <param name="shape">The lengths of every recurrent layer.</param>
    /// <param name="layers">Recurrent layers.</param>
    /// <param name="slots">How many sequences have a state.</param>
    /// <exception cref="ArgumentException">A number makes no sense.</exception>
    /// <exception cref="OutOfMemoryException">There is no such amount of memory.</exception>
    public abstract RecurrentStore CreateRecurrentStore(DeltaNetShape shape, int layers, int slots);

    /// <summary>
    /// Multiplies rows of activations with several weight matrices that share them:
    /// for each output, y[r, o] = s · Σᵢ W[o, i] x[r, i] (+ bias[o]) (+ y[r, o]).
    /// A backend may round activations that meet quantised weights: the processor's takes 8 bits, by blocks of 256 for K-quants and of 32
    /// for all other types. A result's bits do not depend on the number of rows.
    /// </summary>
    /// <param name="x">[rows, in].</param>
    /// <param name="rows">How many rows (tokens) of <paramref name="x"/> to use.</param>
    /// <param name="outputs">The products.</param>
    /// <exception cref="ArgumentException">Shapes do not fit, a weight's type has no matrix product, or an output is the input.</exception>
    public void Project(Activations x, int rows, params ReadOnlySpan<Projection> outputs)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        foreach (ref readonly Projection output in outputs)
            Check(x, rows, output);

        if (rows == 0)
            return;

        if (Observer is { } observer)
        {
            foreach (ref readonly Projection output in outputs)
                observer(output.Weight, x, output.Rows ?? new RowRange(0, rows));
        }

        ProjectCore(x, rows, outputs);
    }

    /// <summary>Looks up rows of an embedding table of any type: y[first + r] = table[ids[r]].</summary>
    /// <param name="table">[width, vocabulary].</param>
    /// <param name="ids">Rows of the table.</param>
    /// <param name="y">[rows, width].</param>
    /// <param name="first">Where the first goes.</param>
    /// <exception cref="ArgumentException">Shapes do not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id is not a row of the table.</exception>
    public abstract void Embed(Tensor table, ReadOnlySpan<int> ids, Activations y, int first = 0);

    /// <summary>
    /// The products of <see cref="Project"/>, of at least one row. Arguments are checked, and the observer has been told.
    /// </summary>
    protected abstract void ProjectCore(Activations x, int rows, ReadOnlySpan<Projection> outputs);

    private static void Check(Activations x, int rows, in Projection output)
    {
        Tensor weight = output.Weight;
        if (output.Rows is { } range && (range.First < 0 || range.Count < 0 || range.First > rows - range.Count))
        {
            throw new ArgumentException(
                $"Rows {range.First} to {(long)range.First + range.Count - 1} of {weight} are not among the first {rows}.");
        }

        if (weight.Columns != x.Width || weight.Rows != output.Output.Width || rows > x.Capacity || rows > output.Output.Capacity)
        {
            throw new ArgumentException(
                $"{weight} does not fit {rows} rows of width {x.Width} into width {output.Output.Width} ({x.Capacity} and "
                    + $"{output.Output.Capacity} rows of room)."
            );
        }

        if (!weight.Type.HasMatrixProduct())
            throw new ArgumentException($"{weight} is of a type without a matrix product.");
        if (output.Bias is { } bias && (bias.Type != TensorType.F32 || bias.ElementCount != weight.Rows))
            throw new ArgumentException($"The bias {bias} does not fit {weight}: it must be F32 of {weight.Rows} elements.");
        if (ReferenceEquals(x, output.Output))
            throw new ArgumentException($"The output of {weight} is its input.");
    }
}
