namespace QwenSharp.Numerics;

// What a mixture of experts needs beside products: rows go to their experts and come back weighted.
public abstract partial class Compute
{
    /// <summary>Chooses the experts of each row by the softmax of its scores, and puts the rows in the order of their experts.</summary>
    /// <param name="scores">[rows, experts]; probabilities afterwards.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="routing">What was chosen.</param>
    /// <exception cref="ArgumentException">Shapes do not fit.</exception>
    public abstract void Route(Activations scores, int rows, ExpertRouting routing);

    /// <summary>Picks rows: y[i] = x[rows[i]]. Not in place.</summary>
    /// <exception cref="ArgumentException">Widths differ, or <paramref name="y"/> has too few rows.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public abstract void Gather(Activations x, ReadOnlySpan<int> rows, Activations y);

    /// <summary>
    /// Adds weighted rows: y[r] += Σᵢ weights[r, i] · x[picks[r, i]], in the order of i, so that a row's sum is the same in every batch.
    /// </summary>
    /// <param name="x">Rows to pick from.</param>
    /// <param name="picks">[rows, each]: rows of <paramref name="x"/>.</param>
    /// <param name="weights">[rows, each].</param>
    /// <param name="each">How many rows are added to one.</param>
    /// <param name="y">[rows, width]; not x.</param>
    /// <exception cref="ArgumentException">Shapes do not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public abstract void AddWeighted(Activations x, ReadOnlySpan<int> picks, ReadOnlySpan<float> weights, int each, Activations y);

    /// <summary>Weighs rows by a gate: x[r] *= σ(gate[r]), with σ(v) = 1 / (1 + e⁻ᵛ).</summary>
    /// <param name="x">[rows, width].</param>
    /// <param name="gate">[rows, 1].</param>
    /// <param name="rows">How many rows.</param>
    /// <exception cref="ArgumentException">Shapes do not fit.</exception>
    public abstract void ScaleBySigmoid(Activations x, Activations gate, int rows);
}
