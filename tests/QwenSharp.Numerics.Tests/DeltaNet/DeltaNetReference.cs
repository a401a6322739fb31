namespace QwenSharp.Numerics.Tests;

/// <summary>A Gated DeltaNet layer between its projections as the paper writes it, one sequence, in double precision.</summary>
internal static class DeltaNetReference
{
    /// <summary>y[t, c] = silu(Σⱼ taps[j, c] · x[t − (taps − 1) + j, c]), with zeros before the first position.</summary>
    public static double[][] Convolve(double[][] x, double[][] taps) =>
        [.. x.Select((_, t) => x[t].Select((_, c) =>
        {
            double sum = 0;
            for (int j = 0; j < taps.Length; j++)
            {
                int position = t - (taps.Length - 1) + j;
                sum += position < 0 ? 0 : taps[j][c] * x[position][c];
            }

            return sum / (1 + Math.Exp(-sum));
        }).ToArray())];

    /// <summary>oₜ = Sₜᵀqₜ / √keyLength with Sₜ = αₜSₜ₋₁ + kₜ (βₜ (vₜ − αₜSₜ₋₁ᵀkₜ))ᵀ.</summary>
    public static double[][] DeltaRule(
        DeltaNetShape shape,
        double[][] convolved,
        double[][] a,
        double[][] b,
        double[] rate,
        double[] bias,
        double epsilon)
    {
        double[][] outputs = [.. convolved.Select(_ => new double[shape.ValueWidth])];
        for (int head = 0; head < shape.ValueHeads; head++)
        {
            int keyHead = shape.HasAlternatingKeyHeads ? head % shape.KeyHeads : head * shape.KeyHeads / shape.ValueHeads;
            double[,] state = new double[shape.KeyLength, shape.ValueLength];
            for (int t = 0; t < convolved.Length; t++)
            {
                double[] query = Unit(convolved[t].AsSpan(keyHead * shape.KeyLength, shape.KeyLength), epsilon);
                double[] key = Unit(convolved[t].AsSpan(shape.KeyWidth + (keyHead * shape.KeyLength), shape.KeyLength), epsilon);
                double alpha = Math.Exp(rate[head] * Math.Log(1 + Math.Exp(a[t][head] + bias[head]))),
                    beta = 1 / (1 + Math.Exp(-b[t][head]));
                for (int column = 0; column < shape.ValueLength; column++)
                {
                    double recalled = 0, output = 0;
                    for (int row = 0; row < shape.KeyLength; row++)
                        recalled += alpha * state[row, column] * key[row];

                    double delta = beta * (convolved[t][(2 * shape.KeyWidth) + (head * shape.ValueLength) + column] - recalled);
                    for (int row = 0; row < shape.KeyLength; row++)
                    {
                        state[row, column] = (alpha * state[row, column]) + (key[row] * delta);
                        output += state[row, column] * query[row];
                    }

                    outputs[t][(head * shape.ValueLength) + column] = output / Math.Sqrt(shape.KeyLength);
                }
            }
        }

        return outputs;
    }

    private static double[] Unit(ReadOnlySpan<double> x, double epsilon)
    {
        double squares = 0;
        foreach (double value in x)
            squares += value * value;

        double[] unit = x.ToArray();
        for (int i = 0; i < unit.Length; i++)
            unit[i] /= Math.Sqrt(squares + epsilon);

        return unit;
    }
}
