namespace QwenSharp.Numerics;

/// <summary>
/// The angles of rotary position embedding (RoPE, Su et al., 2021): pair i of a head turns by position · frequency[i].
/// Computed in double precision, so that positions in the millions are as exact as the first.
/// </summary>
public sealed class RotaryEmbedding
{
    private readonly double[] _frequencies;
    private readonly RotaryAxis[] _axes;

    /// <summary>Angles of given frequencies: what a way of scaling the context comes down to.</summary>
    /// <param name="frequencies">Radians a position, for each pair.</param>
    /// <param name="magnitude">What cosines and sines are multiplied by.</param>
    /// <param name="axes">The part of a position that each pair turns by (M-RoPE); empty where positions are numbers.</param>
    /// <exception cref="ArgumentException">A frequency or the magnitude is not a finite number, or there is not one axis a
    /// pair.</exception>
    public RotaryEmbedding(ReadOnlySpan<double> frequencies, float magnitude = 1, ReadOnlySpan<RotaryAxis> axes = default)
    {
        foreach (double frequency in frequencies)
        {
            if (!double.IsFinite(frequency))
                throw new ArgumentException($"A rotary frequency cannot be {frequency}.", nameof(frequencies));
        }

        if (!float.IsFinite(magnitude))
            throw new ArgumentException($"Rotations cannot be multiplied by {magnitude}.", nameof(magnitude));
        if (!axes.IsEmpty && axes.Length != frequencies.Length)
            throw new ArgumentException($"{axes.Length} axes are not those of {frequencies.Length} pairs.", nameof(axes));

        (_frequencies, _axes, Magnitude) = (frequencies.ToArray(), axes.ToArray(), magnitude);
    }

    /// <summary>How many pairs of elements turn.</summary>
    public int Pairs => _frequencies.Length;

    /// <summary>Radians a position, for each pair.</summary>
    public ReadOnlySpan<double> Frequencies => _frequencies;

    /// <summary>What cosines and sines are multiplied by.</summary>
    public float Magnitude { get; }

    /// <summary>The part of a position that each pair turns by (M-RoPE); empty where positions are numbers.</summary>
    public ReadOnlySpan<RotaryAxis> Axes => _axes;

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

    /// <summary>Sine and cosine of one pair's angle at a position, times the magnitude.</summary>
    internal (float Sine, float Cosine) SinCos(int position, int pair)
    {
        (double sine, double cosine) = Math.SinCos(position * _frequencies[pair]);
        return ((float)sine * Magnitude, (float)cosine * Magnitude);
    }

    /// <summary>The part of a position that a pair turns by.</summary>
    internal RotaryAxis AxisOf(int pair) => _axes[pair];
}
