namespace QwenSharp.Numerics;

// What a mixture of experts needs beside products: rows go to their experts and come back weighted.
public sealed partial class Compute
{
    /// <summary>Chooses the experts of each row by the softmax of its scores, and puts the rows in the order of their experts.</summary>
    /// <param name="scores">[rows, experts]; probabilities afterwards.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="routing">What was chosen.</param>
    /// <exception cref="ArgumentException">Shapes do not fit.</exception>
    public unsafe void Route(Activations scores, int rows, ExpertRouting routing)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        if (scores.Width != routing.Choice.Experts || rows > scores.Capacity || rows > routing.Capacity)
        {
            throw new ArgumentException(
                $"{rows} rows of [{scores.Capacity}, {scores.Width}] do not fit {routing.Capacity} rows of {routing.Choice.Experts} "
                    + "experts.",
                nameof(routing));
        }

        ForEachRow(new RoutedRows(Vectors, scores.Pointer, scores.Width, routing), rows, 4 * scores.Width);
        routing.Group(rows);
        GC.KeepAlive(scores);
    }

    /// <summary>Picks rows: y[i] = x[rows[i]]. Not in place.</summary>
    /// <exception cref="ArgumentException">Widths differ, or <paramref name="y"/> has too few rows.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public unsafe void Gather(Activations x, ReadOnlySpan<int> rows, Activations y)
    {
        if (x == y || x.Width != y.Width || rows.Length > y.Capacity)
        {
            throw new ArgumentException(
                $"{rows.Length} rows of width {x.Width} do not go into {y.Capacity} other rows of width {y.Width}.",
                nameof(y));
        }

        CheckPicks(rows, x);
        fixed (int* picks = rows)
            ForEachRow(new GatherRows(x.Pointer, picks, y.Pointer, x.Width), rows.Length, x.Width);

        Keep(x, y);
    }

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
    public unsafe void AddWeighted(Activations x, ReadOnlySpan<int> picks, ReadOnlySpan<float> weights, int each, Activations y)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(each);
        int rows = picks.Length / each;
        if (x == y || x.Width != y.Width || picks.Length % each != 0 || weights.Length != picks.Length || rows > y.Capacity)
        {
            throw new ArgumentException(
                $"{picks.Length} rows and {weights.Length} weights, {each} to a row, do not go into [{y.Capacity}, {y.Width}] from rows "
                    + $"of width {x.Width}.",
                nameof(picks));
        }

        CheckPicks(picks, x);
        fixed (int* from = picks)
        fixed (float* factors = weights)
            ForEachRow(new AddWeightedRows(Vectors, x.Pointer, from, factors, each, y.Pointer, x.Width), rows, each * x.Width);

        Keep(x, y);
    }

    /// <summary>Weighs rows by a gate: x[r] *= σ(gate[r]), with σ(v) = 1 / (1 + e⁻ᵛ).</summary>
    /// <param name="x">[rows, width].</param>
    /// <param name="gate">[rows, 1].</param>
    /// <param name="rows">How many rows.</param>
    /// <exception cref="ArgumentException">Shapes do not fit.</exception>
    public unsafe void ScaleBySigmoid(Activations x, Activations gate, int rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        if (gate.Width != 1 || rows > x.Capacity || rows > gate.Capacity)
        {
            throw new ArgumentException(
                $"{rows} gates are not in [{gate.Capacity}, {gate.Width}], or their rows not in [{x.Capacity}, {x.Width}].",
                nameof(gate));
        }

        ForEachRow(new SigmoidRows(Vectors, x.Pointer, gate.Pointer, x.Width), rows, x.Width);
        Keep(x, gate);
    }

    private static void CheckPicks(ReadOnlySpan<int> rows, Activations x)
    {
        foreach (int row in rows)
        {
            if ((uint)row >= (uint)x.Capacity)
                throw new ArgumentOutOfRangeException(nameof(rows), $"There is no row {row} among {x.Capacity}.");
        }
    }
}
