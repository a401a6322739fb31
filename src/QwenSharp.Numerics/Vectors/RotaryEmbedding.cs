namespace QwenSharp.Numerics;

/// <summary>
/// The angles of rotary position embedding (RoPE, Su et al., 2021): pair i of a head turns by position · frequency[i].
/// Computed in double precision, so that positions in the millions are as exact as the first.
/// </summary>
public sealed class RotaryEmbedding
{
    private readonly double[] _frequencies;

    /// <summary>Angles of given frequencies: what a way of scaling the context comes down to.</summary>
    /// <param name="frequencies">Radians a position, for each pair.</param>
    /// <exception cref="ArgumentException">A frequency is not a finite number.</exception>
    public RotaryEmbedding(ReadOnlySpan<double> frequencies)
    {
        foreach (double frequency in frequencies)
        {
            if (!double.IsFinite(frequency))
                throw new ArgumentException($"A rotary frequency cannot be {frequency}.", nameof(frequencies));
        }

        _frequencies = frequencies.ToArray();
    }

    /// <summary>How many pairs of elements turn.</summary>
    public int Pairs => _frequencies.Length;

    /// <summary>Radians a position, for each pair.</summary>
    public ReadOnlySpan<double> Frequencies => _frequencies;

    /// <summary>The usual frequencies, θ^(−i / pairs), divided by a factor.</summary>
    /// <param name="pairs">How many pairs of elements turn: half the head, or half of its rotated part.</param>
    /// <param name="theta">θ, the base: 10 000 in the paper, 1 000 000 in Qwen2 and Qwen3.</param>
    /// <param name="factor">Linear position interpolation (Chen et al., 2023): positions count 1 / factor. 1 for none.</param>
    public static RotaryEmbedding Create(int pairs, double theta, double factor = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pairs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(theta);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(factor);
        double[] frequencies = new double[pairs];
        for (int i = 0; i < pairs; i++)
            frequencies[i] = Math.Pow(theta, -(double)i / pairs) / factor;

        return new RotaryEmbedding(frequencies);
    }

    /// <summary>Writes the cosines and then the sines of each position's angles into a row: [positions, 2 × pairs].</summary>
    /// <param name="positions">A position for each row.</param>
    /// <param name="rotations">Where to, for <see cref="Compute.NormalizeAndRotate"/>.</param>
    /// <exception cref="ArgumentException">The width is not 2 × pairs, or there are too few rows.</exception>
    public void Fill(ReadOnlySpan<int> positions, Activations rotations)
    {
        if (rotations.Width != 2 * Pairs || rotations.Capacity < positions.Length)
        {
            throw new ArgumentException(
                $"{positions.Length} rows of 2 × {Pairs} floats do not fit [{rotations.Capacity}, {rotations.Width}].",
                nameof(rotations));
        }

        for (int row = 0; row < positions.Length; row++)
        {
            Span<float> cosines = rotations.Row(row), sines = cosines[Pairs..];
            for (int i = 0; i < _frequencies.Length; i++)
                (sines[i], cosines[i]) = SinCos(positions[row], i);
        }
    }

    /// <summary>Sine and cosine of one pair's angle at a position.</summary>
    public (float Sine, float Cosine) SinCos(int position, int pair)
    {
        (double sine, double cosine) = Math.SinCos(position * _frequencies[pair]);
        return ((float)sine, (float)cosine);
    }
}
