using QwenSharp.Numerics;

namespace QwenSharp.Training;

public sealed partial class TrainableModel
{
    /// <summary>
    /// Computes the loss of a batch, Σ weight · (−ln p(target)) over its tokens, and adds its gradient by each parameter, times
    /// <paramref name="scale"/>.
    /// </summary>
    /// <param name="compute">The kernels.</param>
    /// <param name="batch">The tokens.</param>
    /// <param name="w">Memory with room for the batch.</param>
    /// <param name="scale">What gradients are multiplied by: 1 ÷ the sum of a step's weights makes them those of the mean.</param>
    /// <param name="dropoutSeed">What dropout is drawn from.</param>
    /// <returns>The sum over the batch, not scaled.</returns>
    /// <exception cref="ArgumentException">The batch does not fit the memory or the vocabulary.</exception>
    public double AddGradients(TrainingCompute compute, TrainingBatch batch, TrainingWorkspace w, float scale, ulong dropoutSeed)
    {
        Pass pass = Begin(compute, batch, w, dropoutSeed);
        for (int l = 0; l < _blocks.Length; l++)
            _blocks[l].Forward(pass, w.Inputs[l], w.TapeOf(l), w.Inputs[l + 1]);

        double loss = Score(pass, batch, w, scale, differentiates: true);
        HostActivations gradient = w.Scratch.Hidden;
        for (int l = _blocks.Length - 1; l >= 0; l--)
        {
            if (w.Recomputes && l < _blocks.Length - 1)
                _blocks[l].Forward(pass, w.Inputs[l], w.TapeOf(l), output: null);

            _blocks[l].Backward(pass, w.Inputs[l], w.TapeOf(l), gradient);
        }

        if (_trainedEmbedding is not null)
            compute.EmbedBackward(batch.Tokens, gradient, _trainedEmbedding.Gradient);

        return loss;
    }

    /// <summary>Computes the loss of a batch alone: Σ weight · (−ln p(target)).</summary>
    /// <param name="compute">The kernels.</param>
    /// <param name="batch">The tokens.</param>
    /// <param name="w">Memory with room for the batch.</param>
    /// <exception cref="ArgumentException">The batch does not fit the memory or the vocabulary.</exception>
    public double Loss(TrainingCompute compute, TrainingBatch batch, TrainingWorkspace w)
    {
        Pass pass = Begin(compute, batch, w, dropoutSeed: null);
        for (int l = 0; l < _blocks.Length; l++)
            _blocks[l].Forward(pass, w.Inputs[l], w.TapeOf(l), w.Inputs[l + 1]);

        return Score(pass, batch, w, scale: 0, differentiates: false);
    }

    private Pass Begin(TrainingCompute compute, TrainingBatch batch, TrainingWorkspace w, ulong? dropoutSeed)
    {
        int rows = batch.Tokens.Length;
        if (rows > w.Rows)
            throw new ArgumentException($"A batch of {rows} tokens does not fit memory for {w.Rows}.", nameof(batch));

        compute.Embed(_embedding, batch.Tokens, w.Inputs[0]);
        _rotary.Fill(compute, batch.Positions, w.Scratch.Rotations);
        return new Pass(compute, rows, batch.Segments, w.Scratch, dropoutSeed);
    }

    /// <summary>
    /// The loss, from the rows that count alone: a prompt's rows need no logits. Writes its gradient by the residual stream to
    /// <see cref="Scratch.Hidden"/>.
    /// </summary>
    private double Score(Pass pass, TrainingBatch batch, TrainingWorkspace w, float scale, bool differentiates)
    {
        (TrainingCompute compute, HostActivations hidden, HostActivations gradient) = (pass.Compute, w.Inputs[^1], pass.Scratch.Hidden);
        if (differentiates)
            gradient.Clear();

        double loss = 0;
        int[] counted = [.. Enumerable.Range(0, pass.Rows).Where(row => batch.Weights[row] != 0)];
        foreach (int[] rows in counted.Chunk(w.Logits.Capacity))
        {
            Pass part = pass with { Rows = rows.Length };
            for (int i = 0; i < rows.Length; i++)
                hidden.Row(rows[i]).CopyTo(w.Counted.Row(i));

            compute.RmsNorm(w.Counted, rows.Length, _outputNorm.Weight, Config.RmsEpsilon, w.CountedNormed);
            _head.Forward(part, w.CountedNormed, between: null, w.Logits);
            loss += compute.CrossEntropy(
                w.Logits,
                rows.Length,
                Array.ConvertAll(rows, row => batch.Targets[row]),
                Array.ConvertAll(rows, row => batch.Weights[row]),
                scale,
                differentiates);
            if (!differentiates)
                continue;

            _head.Backward(part, w.CountedNormed, between: null, w.Logits, w.CountedGradient);
            w.CountedHiddenGradient.Clear();
            compute.RmsNormBackward(
                w.Counted,
                rows.Length,
                _outputNorm.Weight,
                Config.RmsEpsilon,
                w.CountedGradient,
                w.CountedHiddenGradient,
                _outputNorm.Gradient);
            for (int i = 0; i < rows.Length; i++)
                w.CountedHiddenGradient.Row(i).CopyTo(gradient.Row(rows[i]));
        }

        return loss;
    }
}
