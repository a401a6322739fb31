namespace QwenSharp.Numerics;

// What a mixture of experts needs beside products: rows go to their experts and come back weighted.
public partial class CpuCompute
{
    /// <inheritdoc/>
    public override unsafe void Route(Activations scores, int rows, ExpertRouting routing)
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

    /// <inheritdoc/>
    public override unsafe void Gather(Activations x, ReadOnlySpan<int> rows, Activations y)
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

    /// <inheritdoc/>
    public override unsafe void AddWeighted(Activations x, ReadOnlySpan<int> picks, ReadOnlySpan<float> weights, int each, Activations y)
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

    /// <inheritdoc/>
    public override unsafe void ScaleBySigmoid(Activations x, Activations gate, int rows)
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
