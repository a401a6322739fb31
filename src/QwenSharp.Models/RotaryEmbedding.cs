using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// The angles of the rotary position embedding (Su et al., 2021): pair i of a head turns by p · θ^(−2i / headLength) at position p.
/// Angles are computed in double precision, so that positions far into a context keep theirs exact.
/// </summary>
internal sealed class RotaryEmbedding
{
    /// <summary>Radians per position of each pair.</summary>
    private readonly double[] _frequencies;
    private readonly double _magnitude;

    public RotaryEmbedding(int headLength, double theta, RopeScaling? scaling)
    {
        _frequencies = new double[headLength / 2];
        _magnitude = scaling is YarnRopeScaling { Magnitude: float magnitude } ? magnitude : 1;
        for (int pair = 0; pair < _frequencies.Length; pair++)
        {
            double frequency = Math.Pow(theta, -2.0 * pair / headLength);
            _frequencies[pair] = scaling switch
            {
                null => frequency,
                LinearRopeScaling linear => frequency / linear.Factor,
                YarnRopeScaling yarn => Blend(yarn, frequency, pair, headLength, theta),
                _ => throw new NotSupportedException($"Rope scaling {scaling.GetType().Name} is unknown."),
            };
        }
    }

    /// <summary>Writes each position's row: cosines of the pairs, then sines.</summary>
    /// <param name="positions">One a row.</param>
    /// <param name="rotations">[rows, headLength].</param>
    public void Fill(ReadOnlySpan<int> positions, Activations rotations)
    {
        for (int row = 0; row < positions.Length; row++)
        {
            Span<float> cosines = rotations.Row(row)[.._frequencies.Length], sines = rotations.Row(row)[_frequencies.Length..];
            for (int pair = 0; pair < _frequencies.Length; pair++)
            {
                (double sine, double cosine) = Math.SinCos(positions[row] * _frequencies[pair]);
                cosines[pair] = (float)(cosine * _magnitude);
                sines[pair] = (float)(sine * _magnitude);
            }
        }
    }

    private static double Blend(YarnRopeScaling yarn, double frequency, int pair, int headLength, double theta)
    {
        // The pair that turns β times over the original context solves context · θ^(−2i / headLength) = 2πβ.
        double PairOf(double rotations) =>
            headLength * Math.Log(yarn.OriginalContextLength / (rotations * 2 * Math.PI)) / (2 * Math.Log(theta));

        double low = Math.Max(0, Math.Floor(PairOf(yarn.BetaFast)));
        double high = Math.Min(headLength - 1, Math.Ceiling(PairOf(yarn.BetaSlow)));
        double kept = 1 - Math.Clamp((pair - low) / Math.Max(0.001, high - low), 0, 1);
        return frequency * kept + frequency / yarn.Factor * (1 - kept);
    }
}
