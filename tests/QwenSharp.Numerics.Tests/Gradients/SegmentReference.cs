namespace QwenSharp.Numerics.Tests;

/// <summary>
/// Attention of one segment and its gradients as the textbook writes them, with whole matrices of probabilities, in double precision.
/// </summary>
internal sealed class SegmentReference(int rows, int heads, int kvHeads, int length)
{
    /// <summary>y: [rows, heads × length].</summary>
    public double[] Forward(double[] q, double[] k, double[] v)
    {
        double[] y = new double[rows * heads * length];
        ForEachQuery(q, k, (row, head, probabilities) =>
        {
            for (int other = 0; other <= row; other++)
            {
                for (int i = 0; i < length; i++)
                    y[Query(row, head) + i] += probabilities[other] * v[Key(other, head) + i];
            }
        });
        return y;
    }

    /// <summary>The logarithm of the sum of exponentials: [rows, heads].</summary>
    public double[] LogSumExp(double[] q, double[] k)
    {
        double[] sums = new double[rows * heads];
        for (int row = 0; row < rows; row++)
        {
            for (int head = 0; head < heads; head++)
            {
                double[] scores = Scores(q, k, row, head);
                double max = scores.Max();
                sums[(row * heads) + head] = max + Math.Log(scores.Sum(score => Math.Exp(score - max)));
            }
        }

        return sums;
    }

    public (double[] DQ, double[] DK, double[] DV) Backward(double[] q, double[] k, double[] v, double[] dy)
    {
        double[] dq = new double[q.Length], dk = new double[k.Length], dv = new double[v.Length];
        ForEachQuery(q, k, (row, head, probabilities) =>
        {
            int query = Query(row, head);
            double[] dp = new double[row + 1];
            for (int other = 0; other <= row; other++)
            {
                for (int i = 0; i < length; i++)
                {
                    dp[other] += dy[query + i] * v[Key(other, head) + i];
                    dv[Key(other, head) + i] += probabilities[other] * dy[query + i];
                }
            }

            double mean = dp.Zip(probabilities, (d, p) => d * p).Sum();
            for (int other = 0; other <= row; other++)
            {
                double ds = probabilities[other] * (dp[other] - mean) / Math.Sqrt(length);
                for (int i = 0; i < length; i++)
                {
                    dq[query + i] += ds * k[Key(other, head) + i];
                    dk[Key(other, head) + i] += ds * q[query + i];
                }
            }
        });
        return (dq, dk, dv);
    }

    private void ForEachQuery(double[] q, double[] k, Action<int, int, double[]> action)
    {
        for (int row = 0; row < rows; row++)
        {
            for (int head = 0; head < heads; head++)
            {
                double[] scores = Scores(q, k, row, head);
                double max = scores.Max(), sum = scores.Sum(score => Math.Exp(score - max));
                action(row, head, [.. scores.Select(score => Math.Exp(score - max) / sum)]);
            }
        }
    }

    private double[] Scores(double[] q, double[] k, int row, int head)
    {
        double[] scores = new double[row + 1];
        for (int other = 0; other <= row; other++)
        {
            for (int i = 0; i < length; i++)
                scores[other] += q[Query(row, head) + i] * k[Key(other, head) + i] / Math.Sqrt(length);
        }

        return scores;
    }

    private int Query(int row, int head) => ((row * heads) + head) * length;

    private int Key(int row, int head) => ((row * kvHeads) + (head / (heads / kvHeads))) * length;
}
