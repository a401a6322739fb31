using System.Numerics;

namespace QwenSharp.Engine;

/// <summary>Chooses tokens from logits. It owns scratch memory, so one engine loop uses it at a time.</summary>
internal sealed class Sampler(int vocabularySize)
{
    private readonly Candidates _candidates = new(vocabularySize);
    private readonly float[] _own = new float[vocabularySize];
    private readonly uint[] _allowed = new uint[(vocabularySize + 31) / 32];

    /// <summary>Chooses one token, and describes it in the model's own distribution where that is asked for.</summary>
    /// <param name="logits">Of the whole vocabulary; overwritten.</param>
    /// <param name="state">The sequence's options and memory.</param>
    /// <param name="constraint">What the token must be; null for anything.</param>
    /// <param name="logprobs">Whether the log-probability is wanted.</param>
    /// <param name="top">How many of the likeliest tokens are wanted.</param>
    /// <exception cref="InvalidOperationException">The logits are not numbers to choose from.</exception>
    public GeneratedToken Sample(
        Span<float> logits, SamplingState state, ITokenConstraint? constraint = null, bool logprobs = false, int top = 0)
    {
        // The model's own distribution is kept apart, as penalties and bias change the logits in place.
        Span<float> own = logprobs ? _own : [];
        if (logprobs)
            logits.CopyTo(own);

        // A NaN must not pass for a low logit, whatever the bias adds to it.
        FiniteMax(logits);
        state.Adjust(logits);
        _candidates.Possible = constraint is not null && constraint.TryMask(_allowed) ? Mask(logits) : logits.Length;
        int id = Choose(logits, state);
        if (!logprobs)
            return new GeneratedToken(id, float.NaN, default, null);

        // The model's own distribution knows of no constraint.
        _candidates.Possible = own.Length;
        float max = FiniteMax(own);
        double logSum = max + Math.Log(LogitMath.SumExp(own, max, 1));
        return new GeneratedToken(id, (float)(own[id] - logSum), Top(own, max, logSum, top), null);
    }

    /// <summary>Makes the tokens impossible that may not come, and counts the others.</summary>
    private int Mask(Span<float> logits)
    {
        int possible = 0;
        for (int word = 0; word < _allowed.Length; word++)
        {
            uint allowed = _allowed[word];
            Span<float> these = logits[(word * 32)..Math.Min((word + 1) * 32, logits.Length)];
            if (these.Length < 32)
                allowed &= (1u << these.Length) - 1;

            possible += BitOperations.PopCount(allowed);
            if (allowed == 0)
            {
                these.Fill(float.NegativeInfinity);
                continue;
            }

            for (uint refused = ~allowed; refused != 0; refused &= refused - 1)
            {
                int bit = BitOperations.TrailingZeroCount(refused);
                if (bit < these.Length)
                    these[bit] = float.NegativeInfinity;
            }
        }

        return possible > 0
            ? possible
            : throw new InvalidOperationException("What the answer is held to leaves no token that may come next.");
    }

    private int Choose(ReadOnlySpan<float> logits, SamplingState state)
    {
        SamplingOptions options = state.Options;
        float max = FiniteMax(logits);
        if (options.Temperature == 0)
        {
            _candidates.TakeAbove(logits, max);
            return _candidates.Id(0);
        }

        // The smallest temperatures would overflow the scale; at 10⁻⁹ only exact ties with the maximum have any probability already.
        float scale = 1 / MathF.Max(options.Temperature, 1e-9f);
        double total = 0;
        if (options.TopK > 0 && options.TopK < logits.Length)
        {
            _candidates.TakeBest(logits, max, options.TopK);
            total = Weights(_candidates.Count, max, scale);
        }
        else if (options.TopP < 1)
        {
            total = LogitMath.SumExp(logits, max, scale);
            _candidates.TakeMass(logits, max, scale, options.TopP * total);
        }
        else if (options.MinP > 0)
        {
            _candidates.TakeAbove(logits, max + MathF.Log(options.MinP) / scale);
        }
        else
        {
            return DrawFromAll(logits, max, scale, state.NextDouble());
        }

        return DrawFromCandidates(Kept(options, max, scale, total), max, scale, state.NextDouble());
    }

    /// <summary>How many of the candidates top-p and min-p leave; at least the best one.</summary>
    private int Kept(SamplingOptions options, float max, float scale, double total)
    {
        double cumulative = 0;
        for (int n = 0; n < _candidates.Count; n++)
        {
            double weight = Weight(n, max, scale);
            if (n > 0 && weight < options.MinP)
                return n;

            cumulative += weight;
            if (options.TopP < 1 && cumulative >= options.TopP * total)
                return n + 1;
        }

        return _candidates.Count;
    }

    private int DrawFromCandidates(int count, float max, float scale, double uniform)
    {
        double left = uniform * Weights(count, max, scale);
        int n = 0;
        for (; n < count - 1; n++)
        {
            left -= Weight(n, max, scale);
            if (left < 0)
                break;
        }

        return _candidates.Id(n);
    }

    private static int DrawFromAll(ReadOnlySpan<float> logits, float max, float scale, double uniform)
    {
        double left = uniform * LogitMath.SumExp(logits, max, scale);
        int last = 0;
        for (int id = 0; id < logits.Length; id++)
        {
            float weight = MathF.Exp((logits[id] - max) * scale);
            if (weight == 0)
                continue;

            last = id;
            left -= weight;
            if (left < 0)
                break;
        }

        return last;
    }

    /// <summary>Σ of the first candidates' weights.</summary>
    private double Weights(int count, float max, float scale)
    {
        double sum = 0;
        for (int n = 0; n < count; n++)
            sum += Weight(n, max, scale);

        return sum;
    }

    /// <summary>A candidate's probability relative to that of the likeliest token.</summary>
    private double Weight(int n, float max, float scale) => Math.Exp(((double)_candidates.Logit(n) - max) * scale);

    private TokenLogprob[] Top(ReadOnlySpan<float> logits, float max, double logSum, int count)
    {
        if (count == 0)
            return [];

        _candidates.TakeBest(logits, max, count);
        TokenLogprob[] top = new TokenLogprob[_candidates.Count];
        for (int n = 0; n < top.Length; n++)
            top[n] = new TokenLogprob(_candidates.Id(n), (float)(_candidates.Logit(n) - logSum));

        return top;
    }

    private static float FiniteMax(ReadOnlySpan<float> logits)
    {
        float max = LogitMath.Max(logits);
        return float.IsFinite(max)
            ? max
            : throw new InvalidOperationException(
                $"The model computed logits whose maximum is {max}: its weights, or the products of a prompt, are not finite numbers.");
    }
}
