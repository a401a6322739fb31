namespace QwenSharp.Numerics.Tests;

/// <summary>Gradients by central differences, in double precision: right whatever the formula is.</summary>
internal static class Differences
{
    /// <summary>d Σ dy · f(x) / dx.</summary>
    public static double[] Of(Func<double[], double[]> f, double[] x, double[] dy)
    {
        double[] gradient = new double[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            double at = x[i], step = 1e-5 * Math.Max(1, Math.Abs(at));
            x[i] = at + step;
            double above = Dot(f(x), dy);
            x[i] = at - step;
            gradient[i] = (above - Dot(f(x), dy)) / (2 * step);
            x[i] = at;
        }

        return gradient;
    }

    public static double[] Widen(ReadOnlySpan<float> x)
    {
        double[] wide = new double[x.Length];
        for (int i = 0; i < x.Length; i++)
            wide[i] = x[i];

        return wide;
    }

    /// <summary>All floats of the first rows, one row after another.</summary>
    public static double[] Widen(HostActivations x, int rows) => [.. Enumerable.Range(0, rows).SelectMany(row => Widen(x.Row(row)))];

    /// <summary>Each element within <paramref name="tolerance"/> of the greatest element of all.</summary>
    public static void Close(ReadOnlySpan<double> expected, ReadOnlySpan<double> actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        double greatest = 1e-6;
        foreach (double value in expected)
            greatest = Math.Max(greatest, Math.Abs(value));

        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Abs(expected[i] - actual[i]) / greatest;
            Assert.True(error <= tolerance, $"Element {i}: expected {expected[i]}, got {actual[i]}; off by {error} of the greatest.");
        }
    }

    private static double Dot(double[] x, double[] y)
    {
        double sum = 0;
        for (int i = 0; i < x.Length; i++)
            sum += x[i] * y[i];

        return sum;
    }
}
