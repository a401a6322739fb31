namespace QwenSharp.Engine;

/// <summary>What a sampler remembers of one sequence: its options, its random numbers, and which tokens occurred.</summary>
internal sealed class SamplingState
{
    private readonly List<int> _tokens;
    private readonly KeyValuePair<int, float>[] _bias;
    private readonly Dictionary<int, int> _inWindow = [];
    private readonly Dictionary<int, int> _generated = [];
    private Xoshiro256 _random;

    /// <param name="options">Validated options.</param>
    /// <param name="tokens">The sequence's tokens, the prompt at first; <see cref="Observe"/> is called after each one that is
    /// appended.</param>
    public SamplingState(SamplingOptions options, List<int> tokens)
    {
        Options = options;
        _tokens = tokens;
        _bias = [.. options.LogitBias ?? new Dictionary<int, float>()];
        _random = new Xoshiro256(options.Seed ?? (ulong)Random.Shared.NextInt64());
        for (int i = Math.Max(0, tokens.Count - Window); i < tokens.Count; i++)
            Count(_inWindow, tokens[i], +1);
    }

    public SamplingOptions Options { get; }

    private int Window => Options.RepetitionPenalty == 1 ? 0 : Options.RepetitionWindow ?? int.MaxValue;

    public double NextDouble() => _random.NextDouble();

    /// <summary>Counts the token that was just appended to the sequence.</summary>
    public void Observe()
    {
        int token = _tokens[^1];
        if (Options.PresencePenalty != 0 || Options.FrequencyPenalty != 0)
            Count(_generated, token, +1);
        if (Window == 0)
            return;

        Count(_inWindow, token, +1);
        if (_tokens.Count > Window)
            Count(_inWindow, _tokens[_tokens.Count - 1 - Window], -1);
    }

    /// <summary>Applies penalties and bias to the logits in place.</summary>
    public void Adjust(Span<float> logits)
    {
        foreach (int token in _inWindow.Keys)
            logits[token] = logits[token] > 0 ? logits[token] / Options.RepetitionPenalty : logits[token] * Options.RepetitionPenalty;
        foreach ((int token, int count) in _generated)
            logits[token] -= Options.PresencePenalty + Options.FrequencyPenalty * count;
        foreach ((int token, float bias) in _bias)
            logits[token] += bias;
    }

    private static void Count(Dictionary<int, int> counts, int token, int change)
    {
        int count = counts.GetValueOrDefault(token) + change;
        if (count == 0)
            counts.Remove(token);
        else
            counts[token] = count;
    }
}
