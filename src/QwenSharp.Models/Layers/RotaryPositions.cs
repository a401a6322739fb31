using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>The rotary angles of a model: those of its base, stretched where it says so.</summary>
public sealed class RotaryPositions
{
    private readonly RotaryEmbedding _embedding;

    /// <summary>The angles of a model.</summary>
    public RotaryPositions(ModelConfig config)
    {
        double[] frequencies = RotaryEmbedding.Create(config.RotaryLength / 2, config.RopeTheta).Frequencies.ToArray();
        for (int pair = 0; config.RopeScaling is { } scaling && pair < frequencies.Length; pair++)
            frequencies[pair] = scaling.Stretch(frequencies[pair], pair, config);

        _embedding = new RotaryEmbedding(
            frequencies,
            config.RopeScaling?.Magnitude ?? 1,
            config.RotarySections is { } sections ? [.. Enumerable.Range(0, frequencies.Length).Select(sections.AxisOf)] : []);
    }

    /// <summary>What cosines and sines are multiplied by.</summary>
    public float Magnitude => _embedding.Magnitude;

    /// <summary>Writes the cosines and sines of positions in text into rows, [positions, <see cref="ModelConfig.RotaryLength"/>].</summary>
    /// <exception cref="ArgumentException">They do not fit.</exception>
    public void Fill(Compute compute, ReadOnlySpan<int> positions, Activations rotations) =>
        compute.FillRotations(_embedding, positions, rotations);

    /// <summary>Writes the cosines and sines of each row's position.</summary>
    /// <exception cref="ArgumentException">The batch has positions of images, and the model has no sections for them.</exception>
    public void Fill(Compute compute, Batch batch, Activations rotations)
    {
        if (batch.GridPositions.IsEmpty)
            compute.FillRotations(_embedding, batch.Positions, rotations);
        else if (_embedding.Axes.IsEmpty)
            throw new ArgumentException("The batch has positions in images; this model's rotary embedding has none.", nameof(batch));
        else
            compute.FillRotations(_embedding, batch.GridPositions, rotations);
    }
}
