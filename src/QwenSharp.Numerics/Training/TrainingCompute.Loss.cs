namespace QwenSharp.Numerics;

public sealed partial class TrainingCompute
{
    private double[] _partialSums = [];

    /// <summary>
    /// Cross-entropy of next-token predictions: Σ weights[r] · (ln Σ exp(logits[r]) − logits[r, targets[r]]). With
    /// <paramref name="gradient"/>, its gradient
    /// takes the place of the logits: logits[r, :] ← scale · weights[r] · (softmax(logits[r]) − onehot(targets[r])).
    /// A row of weight 0 is not read: it counts for nothing, its gradient is zeros, and its target may be any number.
    /// </summary>
    /// <param name="logits">[rows, vocabulary].</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="targets">[rows]: the token that comes next.</param>
    /// <param name="weights">[rows]: 1 where the loss counts, 0 where it does not.</param>
    /// <param name="scale">Of the gradient alone, such as 1 / Σ weights for the gradient of the mean.</param>
    /// <param name="gradient">Whether the logits become their gradient; else they stay as they are.</param>
    /// <returns>The weighted sum, without <paramref name="scale"/>; NaN if a row that counts has one.</returns>
    /// <exception cref="ArgumentException">Shapes do not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The target of a row that counts is not in the vocabulary.</exception>
    public unsafe double CrossEntropy(
        Activations logits,
        int rows,
        ReadOnlySpan<int> targets,
        ReadOnlySpan<float> weights,
        float scale,
        bool gradient)
    {
        CheckRows(rows, logits, logits);
        if (targets.Length < rows || weights.Length < rows)
        {
            throw new ArgumentException(
                $"{targets.Length} targets and {weights.Length} weights are too few for {rows} rows.",
                nameof(targets));
        }

        for (int row = 0; row < rows; row++)
        {
            if (weights[row] != 0 && (uint)targets[row] >= (uint)logits.Width)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(targets),
                    $"The target of row {row}, {targets[row]}, is not one of {logits.Width} tokens.");
            }
        }

        double[] losses = PartialSums(rows);
        fixed (int* target = targets)
        fixed (float* weight = weights)
        fixed (double* loss = losses)
        {
            ForEachRow(
                new CrossEntropyRows(Vectors, logits.Pointer, logits.Width, target, weight, scale, gradient, loss),
                rows,
                8 * logits.Width);
        }

        GC.KeepAlive(logits);
        return Sum(losses, rows);
    }

    /// <summary>Σ x² over all <see cref="Activations.Capacity"/> rows, as a gradient's norm needs it.</summary>
    public unsafe double SumOfSquares(Activations x)
    {
        long length = (long)x.Capacity * x.Width;
        int tasks = checked((int)((length + SquaresJob.TaskFloats - 1) / SquaresJob.TaskFloats));
        double[] sums = PartialSums(tasks);
        fixed (double* pointer = sums)
        {
            SquaresJob job = new(Vectors, x.Pointer, length, pointer);
            Pool.Run(ref job, tasks);
        }

        GC.KeepAlive(x);
        return Sum(sums, tasks);
    }

    private static double Sum(double[] sums, int count)
    {
        double sum = 0;
        for (int i = 0; i < count; i++)
            sum += sums[i];

        return sum;
    }

    private double[] PartialSums(int count) => _partialSums.Length >= count ? _partialSums : _partialSums = new double[count];
}
