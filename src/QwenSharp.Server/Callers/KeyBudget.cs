using QwenSharp.Server.State;

namespace QwenSharp.Server.Callers;

/// <summary>What a key has left of its minute. Requests and tokens come back evenly, up to a minute's worth.</summary>
internal sealed class KeyBudget(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Bucket _requests = new(), _tokens = new();
    private int _running;

    /// <summary>Takes a request, unless a limit is reached. What it takes of tokens is known at its end: it may leave a debt.</summary>
    /// <param name="terms">The limits, as they are now.</param>
    /// <returns>What is left, and why the request is refused where it is. One that is taken is ended by <see cref="End"/>.</returns>
    public KeyAllowance Begin(ApiKeyTerms terms)
    {
        lock (_gate)
        {
            long now = time.GetTimestamp();
            Limit? requests = terms.RequestsPerMinute is { } most ? _requests.Look(most, time, now) : null;
            Limit? tokens = terms.TokensPerMinute is { } some ? _tokens.Look(some, time, now) : null;
            string? reached = requests is { Left: < 1 } ? "requests"
                : tokens is { Left: < 1 } ? "tokens"
                : _running >= terms.Concurrent ? "concurrent"
                : null;
            if (reached is null)
            {
                _running++;
                _requests.Take(1);
                requests = requests is null ? null : _requests.Look(requests.Most, time, now);
            }

            return new KeyAllowance(requests, tokens, reached);
        }
    }

    /// <summary>A request that was taken has ended.</summary>
    public void End()
    {
        lock (_gate)
            _running--;
    }

    /// <summary>Takes tokens that were used.</summary>
    public void Spend(long count)
    {
        lock (_gate)
            _tokens.Take(count);
    }

    private sealed class Bucket
    {
        private double _left;
        private int _most;
        private long _since;

        public Limit Look(int most, TimeProvider time, long now)
        {
            // A limit that is new, or was changed, begins with a whole minute's worth.
            _left = _most == most ? Math.Min(most, _left + (time.GetElapsedTime(_since, now).TotalMinutes * most)) : most;
            (_most, _since) = (most, now);
            return new Limit(
                most,
                (long)Math.Max(0, Math.Floor(_left)),
                TimeSpan.FromMinutes((most - _left) / most),
                TimeSpan.FromMinutes(Math.Max(0, 1 - _left) / most));
        }

        public void Take(long count) => _left -= count;
    }
}

/// <summary>One limit, as it stands.</summary>
/// <param name="Most">How much a minute has.</param>
/// <param name="Left">How much there is now.</param>
/// <param name="Full">When there is a whole minute's worth again.</param>
/// <param name="Next">When there is anything again.</param>
internal sealed record Limit(int Most, long Left, TimeSpan Full, TimeSpan Next);

/// <summary>What a key has left.</summary>
/// <param name="Requests">Of requests; null where they are not limited.</param>
/// <param name="Tokens">Of tokens; null where they are not limited.</param>
/// <param name="Reached">Which limit refuses the request: <c>requests</c>, <c>tokens</c> or <c>concurrent</c>; null for none.</param>
internal sealed record KeyAllowance(Limit? Requests, Limit? Tokens, string? Reached);
