using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>The rotary angles of a model: those of its base, stretched where it says so.</summary>
internal sealed class RotaryPositions
{
    private readonly RotaryEmbedding _angles;
    private readonly float _magnitude;

    public RotaryPositions(ModelConfig config)
    {
        double[] frequencies = RotaryEmbedding.Create(config.HeadLength / 2, config.RopeTheta).Frequencies.ToArray();
        for (int pair = 0; config.RopeScaling is { } scaling && pair < frequencies.Length; pair++)
            frequencies[pair] = scaling.Stretch(frequencies[pair], pair, config);

        _angles = new RotaryEmbedding(frequencies);
        _magnitude = config.RopeScaling?.Magnitude ?? 1;
    }

    /// <summary>Writes the cosines and sines of each position into its row.</summary>
    public void Fill(ReadOnlySpan<int> positions, Activations rotations)
    {
        _angles.Fill(positions, rotations);
        for (int row = 0; _magnitude != 1 && row < positions.Length; row++)
        {
            foreach (ref float value in rotations.Row(row))
                value *= _magnitude;
        }
    }
}
