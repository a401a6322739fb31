namespace QwenSharp.Numerics;

// The way back through the operations on rows. Sums over rows are made in fixed blocks of rows and then over the blocks in order,
// so that their bits depend neither on the number of threads nor on who did what.
public sealed partial class TrainingCompute
{
    // Floats of a cache line, which two threads should not share.
    private const int LineFloats = 16;

    private NativeBuffer? _training;

    /// <summary>
    /// The way back through <see cref="Compute.RmsNorm"/>: with r = 1 / √(mean(x²) + ε),
    /// dx += r · w · dy − x · r³ · mean(w · dy · x) and dWeight[0, :] += Σ rows r · x · dy.
    /// </summary>
    /// <param name="x">[rows, width]: what was normalised.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="weight">w: F32 of shape [width].</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="dy">[rows, width]: the gradient of what came out.</param>
    /// <param name="dx">[rows, width]: the gradient of <paramref name="x"/> is added here; not <paramref name="x"/> nor
    /// <paramref name="dy"/>.</param>
    /// <param name="dWeight">[1, width]: the gradient of the weight is added here; null where the weight is frozen.</param>
    /// <exception cref="ArgumentException">Shapes do not fit, or an output is an input.</exception>
    public unsafe void RmsNormBackward(
        Activations x,
        int rows,
        Tensor weight,
        float epsilon,
        Activations dy,
        Activations dx,
        Activations? dWeight)
    {
        CheckRows(rows, x, dy);
        CheckRows(rows, x, dx);
        CheckNorm(weight, x.Width);
        CheckDistinct(nameof(dx), dx, x, dy, dWeight);
        CheckSum(nameof(dWeight), dWeight, x.Width);
        RmsNormGradients operation = new(Vectors, x.Pointer, (float*)weight.Pointer, epsilon, dy.Pointer, dx.Pointer, x.Width);
        ForEachRowBlock(operation, rows, dWeight);
        Keep(x, dy, weight);
        GC.KeepAlive(dx);
    }

    /// <summary>
    /// The way back through <see cref="Compute.NormalizeAndRotate"/>: each head's gradient is rotated back, and where there is a weight
    /// goes back through the norm of that head.
    /// </summary>
    /// <param name="x">[rows, heads × headLength]: what went in, before norm and rotation. Not read where there is no weight.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="headLength">Elements in a head.</param>
    /// <param name="normWeight">F32 of shape [headLength], or none.</param>
    /// <param name="epsilon">ε of the norm.</param>
    /// <param name="rotations">[rows, 2 × pairs], as they were forward.</param>
    /// <param name="dy">[rows, heads × headLength]: the gradient of what came out.</param>
    /// <param name="dx">[rows, heads × headLength]: the gradient of <paramref name="x"/> is written here; may be <paramref name="dy"/>, and
    /// not <paramref name="x"/> where there is a weight.</param>
    /// <param name="dWeight">[1, headLength]: the gradient of the weight, summed over rows and heads, is added here; null where the weight
    /// is frozen or there is none.</param>
    /// <exception cref="ArgumentException">Shapes do not fit, or the output is an input that is read later.</exception>
    public unsafe void NormalizeAndRotateBackward(
        Activations x,
        int rows,
        int headLength,
        Tensor? normWeight,
        float epsilon,
        Activations rotations,
        Activations dy,
        Activations dx,
        Activations? dWeight)
    {
        CheckRows(rows, x, dy);
        CheckRows(rows, x, dx);
        CheckHeads(x, rows, headLength, rotations);
        CheckDistinct(nameof(dx), dx, rotations, dWeight);
        CheckSum(nameof(dWeight), dWeight, headLength);
        if (normWeight is not null)
        {
            CheckNorm(normWeight, headLength);
            CheckDistinct(nameof(dx), dx, x);
        }
        else if (dWeight is not null)
        {
            throw new ArgumentException("A norm's gradient is asked for where there is no norm.", nameof(dWeight));
        }

        float* weight = normWeight is null ? null : (float*)normWeight.Pointer;
        HeadGradients operation = new(
            Vectors,
            x.Pointer,
            x.Width,
            headLength,
            weight,
            epsilon,
            rotations.Pointer,
            rotations.Width / 2,
            dy.Pointer,
            dx.Pointer);
        ForEachRowBlock(operation, rows, dWeight);
        Keep(x, dy, normWeight);
        Keep(dx, rotations);
    }

    /// <summary>
    /// The way back through <see cref="Compute.SwiGlu"/>: with σ = 1 / (1 + e⁻ᵍᵃᵗᵉ), dGate = dy · up · σ · (1 + gate · (1 − σ)) and
    /// dUp = dy · gate · σ. Both are written. Each may be any of the inputs, but not the other.
    /// </summary>
    /// <exception cref="ArgumentException">Shapes do not fit, or the outputs are the same.</exception>
    public unsafe void SwiGluBackward(Activations gate, Activations up, int rows, Activations dy, Activations dGate, Activations dUp)
    {
        CheckRows(rows, gate, up);
        CheckRows(rows, gate, dy);
        CheckRows(rows, gate, dGate);
        CheckRows(rows, gate, dUp);
        CheckDistinct(nameof(dGate), dGate, dUp);
        ForEachRow(
            new SwiGluGradients(Vectors, gate.Pointer, up.Pointer, dy.Pointer, dGate.Pointer, dUp.Pointer, gate.Width),
            rows,
            4 * gate.Width);
        Keep(gate, up, dy);
        Keep(dGate, dUp);
    }

    /// <summary>The gradient of a bias: dBias[0, :] += Σ rows dy.</summary>
    /// <param name="dy">[rows, width].</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="dBias">[1, width]; not <paramref name="dy"/>.</param>
    /// <exception cref="ArgumentException">Shapes do not fit.</exception>
    public unsafe void SumRows(Activations dy, int rows, Activations dBias)
    {
        CheckRows(rows, dy, dy);
        CheckSum(nameof(dBias), dBias, dy.Width);
        CheckDistinct(nameof(dBias), dBias, dy);
        ForEachRowBlock(new SumOfRows(Vectors, dy.Pointer, dy.Width), rows, dBias);
        GC.KeepAlive(dy);
    }

    /// <summary>x[r, :] += bias.</summary>
    /// <param name="x">[rows, width].</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="bias">F32 of shape [width].</param>
    /// <exception cref="ArgumentException">Shapes do not fit.</exception>
    public unsafe void AddBias(Activations x, int rows, Tensor bias)
    {
        CheckRows(rows, x, x);
        if (bias.Type != TensorType.F32 || bias.ElementCount != x.Width)
            throw new ArgumentException($"Rows of width {x.Width} need an F32 bias of as many elements, not {bias}.", nameof(bias));

        ForEachRow(new BiasedRows(Vectors, x.Pointer, (float*)bias.Pointer, x.Width), rows, x.Width);
        Keep(x, x, bias);
    }

    /// <summary>y += factor · x, for the first <paramref name="rows"/> rows.</summary>
    /// <exception cref="ArgumentException">Shapes do not fit.</exception>
    public unsafe void AddScaled(Activations x, int rows, float factor, Activations y)
    {
        CheckRows(rows, x, y);
        ForEachRow(new AddScaledRows(Vectors, x.Pointer, factor, y.Pointer, x.Width), rows, x.Width);
        Keep(x, y);
    }

    /// <summary>x *= factor, for the first <paramref name="rows"/> rows.</summary>
    /// <exception cref="ArgumentException">There are not as many rows.</exception>
    public unsafe void ScaleRows(Activations x, int rows, float factor)
    {
        CheckRows(rows, x, x);
        ForEachRow(new ScaledRows(Vectors, x.Pointer, factor, x.Width), rows, x.Width);
        GC.KeepAlive(x);
    }

    /// <summary>
    /// The way back through <see cref="Compute.Embed"/>: dTable[ids[r], :] += dy[r, :], in the order of r where an id is repeated.
    /// </summary>
    /// <param name="ids">[rows].</param>
    /// <param name="dy">[rows, width].</param>
    /// <param name="dTable">[vocabulary, width].</param>
    /// <exception cref="ArgumentException">Shapes do not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id is not a row of the table.</exception>
    public unsafe void EmbedBackward(ReadOnlySpan<int> ids, Activations dy, Activations dTable)
    {
        if (dy.Width != dTable.Width || ids.Length > dy.Capacity || dy == dTable)
        {
            throw new ArgumentException(
                $"{ids.Length} rows of [{dy.Capacity}, {dy.Width}] cannot be added to another table of [{dTable.Capacity}, "
                    + $"{dTable.Width}].",
                nameof(dy));
        }

        foreach (int id in ids)
        {
            if ((uint)id >= (uint)dTable.Capacity)
                throw new ArgumentOutOfRangeException(nameof(ids), $"Token {id} is not one of the table's {dTable.Capacity}.");
        }

        fixed (int* pointer = ids)
        {
            // However the columns are cut, each element is summed over the rows in the same order.
            int tasks = (long)ids.Length * dy.Width < SharedFloats || Threads == 1 ? 1 : 2 * Threads;
            int slice = (((dy.Width + tasks - 1) / tasks) + LineFloats - 1) / LineFloats * LineFloats;
            ScatterJob job = new(Vectors, pointer, ids.Length, dy.Pointer, dTable.Pointer, dy.Width, slice);
            Pool.Run(ref job, (dy.Width + slice - 1) / slice);
        }

        Keep(dy, dTable);
    }

    /// <summary>
    /// Inverted dropout (Srivastava et al., 2014): each element is 0 with this probability, and else divided by 1 − probability.
    /// Which ones is a function of the seed, the row and the column alone: the same call on dy is the way back. May be in place.
    /// </summary>
    /// <param name="x">[rows, width].</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="probability">Of an element to be dropped: 0 ≤ probability &lt; 1.</param>
    /// <param name="seed">Which mask: one for each layer and step.</param>
    /// <param name="y">[rows, width].</param>
    /// <exception cref="ArgumentException">Shapes do not fit, or the probability is none below 1.</exception>
    public unsafe void Dropout(Activations x, int rows, float probability, ulong seed, Activations y)
    {
        CheckRows(rows, x, y);
        if (!(probability >= 0 && probability < 1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(probability),
                probability,
                "The probability to drop an element is at least 0 and below 1.");
        }

        ForEachRow(new DropoutRows(x.Pointer, y.Pointer, x.Width, seed, probability), rows, 4 * x.Width);
        Keep(x, y);
    }

    private static void CheckDistinct(string name, Activations output, params ReadOnlySpan<Activations?> others)
    {
        foreach (Activations? other in others)
        {
            if (ReferenceEquals(output, other))
            {
                throw new ArgumentException(
                    $"{name} must be a matrix of its own: it is written before another operand has been read.",
                    name);
            }
        }
    }

    private static void CheckSum(string name, Activations? sum, int width)
    {
        if (sum is not null && (sum.Width != width || sum.Capacity < 1))
            throw new ArgumentException($"A sum over rows of width {width} does not fit into [{sum.Capacity}, {sum.Width}].", name);
    }

    /// <summary>Does rows in blocks, each with its sum, and adds these to <paramref name="sum"/> in order.</summary>
    private unsafe void ForEachRowBlock<TRows>(TRows operation, int rows, Activations? sum)
        where TRows : struct, ISummedRowOperation
    {
        int blocks = RowBlocksJob<TRows>.Blocks(rows), width = sum?.Width ?? 0;
        float* sums = sum is null ? null : TrainingScratch((long)blocks * width);
        RowBlocksJob<TRows> job = new(operation, rows, sums, width);
        Pool.Run(ref job, blocks);
        if (sum is not null)
        {
            for (int block = 0; block < blocks; block++)
                Vectors.Add(sums + ((long)block * width), sum.Pointer, width);
        }

        GC.KeepAlive(sum);
    }

    /// <summary>Memory for one operation, kept for the next.</summary>
    private unsafe float* TrainingScratch(long floats)
    {
        if (_training is null || _training.Length < floats * sizeof(float))
        {
            _training?.Dispose();
            _training = new NativeBuffer(floats * sizeof(float));
        }

        return (float*)_training.Pointer;
    }
}
