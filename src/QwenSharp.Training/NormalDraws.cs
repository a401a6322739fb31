namespace QwenSharp.Training;

/// <summary>
/// Draws from the standard normal distribution: SplitMix64 (Steele et al., 2014) through the polar form of Box and Muller (Marsaglia,
/// 1964).
/// The same draws for a seed on every platform.
/// </summary>
internal struct NormalDraws(ulong seed)
{
    private ulong _state = seed;
    private double? _spare;

    public double Next()
    {
        if (_spare is { } spare)
        {
            _spare = null;
            return spare;
        }

        double x, y, square;
        do
        {
            (x, y) = (NextSigned(), NextSigned());
            square = x * x + y * y;
        }
        while (square is 0 or >= 1);

        double factor = Math.Sqrt(-2 * Math.Log(square) / square);
        _spare = y * factor;
        return x * factor;
    }

    /// <summary>Uniform in [−1, 1).</summary>
    private double NextSigned() => (StableHash.Mix(_state += 0x9E3779B97F4A7C15) >> 11) * (2.0 / (1UL << 53)) - 1;
}
