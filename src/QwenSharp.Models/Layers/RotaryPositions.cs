using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>The rotary angles of a model: those of its base, stretched where it says so.</summary>
public sealed class RotaryPositions
{
    private readonly RotaryEmbedding _angles;
    private readonly RotaryAxis[]? _axes;

    /// <summary>The angles of a model.</summary>
    public RotaryPositions(ModelConfig config)
    {
        double[] frequencies = RotaryEmbedding.Create(config.RotaryLength / 2, config.RopeTheta).Frequencies.ToArray();
        for (int pair = 0; config.RopeScaling is { } scaling && pair < frequencies.Length; pair++)
            frequencies[pair] = scaling.Stretch(frequencies[pair], pair, config);

        _angles = new RotaryEmbedding(frequencies);
        Magnitude = config.RopeScaling?.Magnitude ?? 1;
        _axes = config.RotarySections is { } sections ? [.. Enumerable.Range(0, frequencies.Length).Select(sections.AxisOf)] : null;
    }

    /// <summary>What cosines and sines are multiplied by.</summary>
    public float Magnitude { get; }

    /// <summary>Writes the cosines and sines of positions in text into rows, [positions, <see cref="ModelConfig.RotaryLength"/>].</summary>
    /// <exception cref="ArgumentException">They do not fit.</exception>
    public void Fill(ReadOnlySpan<int> positions, Activations rotations)
    {
        _angles.Fill(positions, rotations);
        Magnify(rotations, positions.Length);
    }

    /// <summary>Writes the cosines and sines of each row's position.</summary>
    /// <exception cref="ArgumentException">The batch has positions of images, and the model has no sections for them.</exception>
    public void Fill(Batch batch, Activations rotations)
    {
        ReadOnlySpan<GridPosition> grid = batch.GridPositions;
        if (grid.IsEmpty)
            _angles.Fill(batch.Positions, rotations);
        else if (_axes is null)
            throw new ArgumentException("The batch has positions in images; this model's rotary embedding has none.", nameof(batch));

        for (int row = 0; row < grid.Length; row++)
        {
            Span<float> cosines = rotations.Row(row), sines = cosines[_axes!.Length..];
            for (int pair = 0; pair < _axes.Length; pair++)
                (sines[pair], cosines[pair]) = _angles.SinCos(grid[row][_axes[pair]], pair);
        }

        Magnify(rotations, batch.Rows);
    }

    private void Magnify(Activations rotations, int rows)
    {
        for (int row = 0; Magnitude != 1 && row < rows; row++)
        {
            foreach (ref float value in rotations.Row(row))
                value *= Magnitude;
        }
    }
}
