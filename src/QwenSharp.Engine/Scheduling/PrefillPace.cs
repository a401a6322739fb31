namespace QwenSharp.Engine;

/// <summary>
/// How many tokens of prefill a step may take beside decoding sequences, by measured time: their next token is not to come later than
/// <see cref="Stretch"/> times the time that it takes by itself. Chunks change no result, so time may choose them.
/// </summary>
internal sealed class PrefillPace(int most)
{
    /// <summary>How much longer a step may take than one without prefill.</summary>
    private const double Stretch = 2.25;

    /// <summary>Prefill goes on at least so fast, however quick decoding is.</summary>
    private const int Least = 8;

    /// <summary>After so many steps with prefill, one without is measured.</summary>
    private const int Mixed = 32;

    // A step that another process slowed down must not count for long.
    private const double Weight = 0.25;

    // Means of the steps without prefill: what they took, and how many rows decoded in them.
    private double _quiet;
    private double _quietRows;
    private double _perToken;
    private int _mixed;

    /// <summary>Tokens of prefill in the next step; now and then none, to measure what decoding takes by itself.</summary>
    /// <param name="decoding">Its rows of sequences that decode; at least one.</param>
    public int Tokens(int decoding) => _mixed >= Mixed ? 0
        : _perToken == 0 ? Math.Min(most, 4 * Least)
        : (int)Math.Clamp((Stretch - 1) * Quiet(decoding) / _perToken, Math.Min(Least, most), most);

    /// <summary>Takes the time of a step.</summary>
    /// <param name="decoding">Its rows of sequences that decode.</param>
    /// <param name="prefill">Its other rows.</param>
    /// <param name="seconds">What it took.</param>
    public void Observe(int decoding, int prefill, double seconds)
    {
        if (decoding > 0 && prefill == 0)
        {
            _quiet = Mean(_quiet, seconds);
            _quietRows = Mean(_quietRows, decoding);
            _mixed = 0;
        }
        else if (decoding > 0)
        {
            _mixed++;
            if (_quiet > 0)
                _perToken = Mean(_perToken, Math.Max(seconds - Quiet(decoding), seconds / 16) / prefill);
        }
    }

    /// <summary>
    /// The seconds of a step without prefill: as they were measured, and for each sequence that decodes since then what another row takes.
    /// </summary>
    private double Quiet(int decoding) => Math.Max(_quiet + ((decoding - _quietRows) * _perToken), _quiet / 4);

    private static double Mean(double mean, double value) => mean == 0 ? value : mean + (Weight * (value - mean));
}
