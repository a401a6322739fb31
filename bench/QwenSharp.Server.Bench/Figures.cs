namespace QwenSharp.Server.Bench;

/// <summary>What several answers had, together.</summary>
internal sealed class Figures
{
    private readonly List<double> _first = [];
    private readonly List<double> _gaps = [];
    private readonly Lock _gate = new();

    public int Answers { get; private set; }

    public int Tokens { get; private set; }

    public void Add(Answer answer)
    {
        lock (_gate)
        {
            Answers++;
            Tokens += answer.AnswerTokens;
            if (answer.Seconds.Count > 0)
                _first.Add(answer.Seconds[0]);
            for (int i = 1; i < answer.Seconds.Count; i++)
                _gaps.Add(answer.Seconds[i] - answer.Seconds[i - 1]);
        }
    }

    /// <summary>Seconds to the first token that this share of the answers did not exceed.</summary>
    public double First(double share) => Quantile(_first, share);

    /// <summary>Seconds between two tokens that this share of the pairs did not exceed.</summary>
    public double Gap(double share) => Quantile(_gaps, share);

    public static double Median(IEnumerable<double> values) => Quantile([.. values], 0.5);

    private static double Quantile(List<double> values, double share)
    {
        if (values.Count == 0)
            return double.NaN;

        List<double> sorted = [.. values.Order()];
        return sorted[Math.Min((int)(sorted.Count * share), sorted.Count - 1)];
    }
}
