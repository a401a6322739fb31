using System.Numerics;
using System.Runtime.InteropServices;

namespace QwenSharp.Grammars.Automata;

/// <summary>
/// A JSON number of a set. While digits are read, each bound is compared with digit by digit, and each divisor's remainder is kept; at the
/// end the set's formula says whether the number is in it. An exponent is allowed where it cannot matter: in a set that only signs tell.
/// </summary>
internal sealed class NumberAutomaton : ByteAutomaton
{
    private const int MaxSearch = 100_000;

    private readonly NumberSet _set;
    private readonly List<ExactDecimal> _bounds = [];
    private readonly List<ExactDecimal> _divisors = [];
    private readonly string[] _wholes;
    private readonly string[] _fractions;
    private readonly bool _allowsExponent;
    private readonly bool _asksWhole;
    private readonly string? _shared;
    private readonly Dictionary<string, int> _ids = [];
    private readonly List<State> _states = [];
    private State[] _published = [];
    private bool? _isEmpty;

    public NumberAutomaton(NumberSet set, string? shared = null)
    {
        _set = set;
        _shared = shared;
        bool asksWhole = false;
        bool asksPlain = false;
        Gather(set, ref asksWhole, ref asksPlain, 0);
        _asksWhole = asksWhole;
        _wholes = [.. _bounds.Select(bound => Digits(bound)[..^bound.Scale].TrimStart('0'))];
        _fractions = [.. _bounds.Select(bound => Digits(bound)[^bound.Scale..])];
        _allowsExponent = _divisors.Count == 0 && !asksWhole && !asksPlain && _bounds.TrueForAll(bound => bound.Sign == 0);
        Start = Id(new State(Phase.Begin, false, false, false, new int[_bounds.Count], new long[2 * _divisors.Count]));
    }

    private enum Phase
    {
        Begin,
        Minus,
        Zero,
        Whole,
        Point,
        Fraction,
        Exponent,
        ExponentSign,
        ExponentDigits,
    }

    /// <summary>Whether no number is in the set.</summary>
    public bool IsEmpty => _isEmpty ??= !IsLive(Start);

    public override bool Accepts(int state) => Accepts(At(state));

    public override ShareKey? Share(int state, int longest) => _shared is null ? null : new ShareKey(_shared + Key(At(state)), 0, 0, 0, 0);

    protected override int Compute(int state, byte value)
    {
        int next = Step(state, value);
        return next >= 0 && IsLive(next) ? next : Dead;
    }

    private static string Digits(ExactDecimal value) =>
        BigInteger.Abs(value.Digits).ToString(System.Globalization.CultureInfo.InvariantCulture).PadLeft(value.Scale + 1, '0');

    private void Gather(NumberSet set, ref bool asksWhole, ref bool asksPlain, int depth)
    {
        if (depth > 2_000 || _bounds.Count > 4_096)
            throw new GrammarException("enum", "", "there are too many numbers.");
        switch (set)
        {
            case NumberSet.WholeNumbers:
                asksWhole = true;
                break;
            case NumberSet.PlainWhole:
                asksPlain = true;
                break;
            case NumberSet.Comparison comparison when !_bounds.Contains(comparison.Bound):
                _bounds.Add(comparison.Bound);
                break;
            case NumberSet.Multiple multiple when !_divisors.Contains(multiple.Of):
                if (BigInteger.Abs(multiple.Of.Digits) > long.MaxValue / 100)
                    throw new GrammarException("multipleOf", "", "the divisor is too large.");
                _divisors.Add(multiple.Of);
                break;
            case NumberSet.Both both:
                Gather(both.A, ref asksWhole, ref asksPlain, depth + 1);
                Gather(both.B, ref asksWhole, ref asksPlain, depth + 1);
                break;
            case NumberSet.Either either:
                Gather(either.A, ref asksWhole, ref asksPlain, depth + 1);
                Gather(either.B, ref asksWhole, ref asksPlain, depth + 1);
                break;
            case NumberSet.Except except:
                Gather(except.Of, ref asksWhole, ref asksPlain, depth + 1);
                break;
        }
    }

    private bool Accepts(State at) =>
        at.Phase is Phase.Zero or Phase.Whole or Phase.Fraction or Phase.ExponentDigits && Holds(_set, at);

    private bool Holds(NumberSet set, State at) => set switch
    {
        NumberSet.Everything everything => everything.Is,
        NumberSet.WholeNumbers => !at.HasFraction,
        NumberSet.PlainWhole => at.Phase is Phase.Zero or Phase.Whole,
        NumberSet.Comparison comparison => Compare(at, comparison.Bound) switch
        {
            < 0 => comparison.Less,
            0 => comparison.Equal,
            _ => comparison.More,
        },
        NumberSet.Multiple multiple => IsMultiple(at, _divisors.IndexOf(multiple.Of)),
        NumberSet.Both both => Holds(both.A, at) && Holds(both.B, at),
        NumberSet.Either either => Holds(either.A, at) || Holds(either.B, at),
        NumberSet.Except except => !Holds(except.Of, at),
        _ => false,
    };

    private int Compare(State at, ExactDecimal bound)
    {
        int sign = !at.IsNonZero ? 0 : at.IsNegative ? -1 : 1;
        if (sign != bound.Sign || sign == 0)
            return sign.CompareTo(bound.Sign);
        int index = _bounds.IndexOf(bound);
        int tracked = at.Bounds[index];
        bool inFraction = at.Phase == Phase.Fraction;
        int magnitude = inFraction ? FractionEnd(tracked, index) : WholeEnd(tracked, index);
        return sign * magnitude;
    }

    // In the whole part a bound's tracker is 4 · (digits so far, at most one more than the bound has) + comparison + 1; in the fraction
    // it is 4 · (digits so far, at most the bound's) + comparison + 1.
    private int WholeEnd(int tracked, int index)
    {
        int count = tracked >> 2;
        int compared = WholePart(tracked, index);
        return compared != 0 ? compared : _fractions[index].Length > 0 ? -1 : count - _wholes[index].Length;
    }

    private int WholePart(int tracked, int index)
    {
        int count = tracked >> 2;
        return count != _wholes[index].Length ? count.CompareTo(_wholes[index].Length) : (tracked & 3) - 1;
    }

    private int FractionEnd(int tracked, int index)
    {
        int compared = (tracked & 3) - 1;
        return compared != 0 ? compared : tracked >> 2 < _fractions[index].Length ? -1 : 0;
    }

    private bool IsMultiple(State at, int index)
    {
        ExactDecimal divisor = _divisors[index];
        long remainder = at.Divisors[2 * index];
        long decimals = at.Divisors[(2 * index) + 1];
        if (decimals > divisor.Scale)
            return false;
        BigInteger scaled = remainder * BigInteger.Pow(10, divisor.Scale - (int)decimals);
        return divisor.Digits.IsZero ? !at.IsNonZero : scaled % BigInteger.Abs(divisor.Digits) == 0;
    }

    private int Step(int state, byte value)
    {
        State at = At(state);
        bool isDigit = value is >= (byte)'0' and <= (byte)'9';
        switch (at.Phase)
        {
            case Phase.Begin when value == '-':
                return Id(at with { Phase = Phase.Minus, IsNegative = true });
            case Phase.Begin or Phase.Minus when value == '0':
                return Id(at with { Phase = Phase.Zero, Bounds = Start0(at) });
            case Phase.Begin or Phase.Minus when isDigit:
                return Id(Digit(at with { Phase = Phase.Whole, Bounds = Start0(at) }, value - '0'));
            case Phase.Whole when isDigit:
                return Id(Digit(at, value - '0'));
            case Phase.Zero or Phase.Whole when value == '.':
                return Id(at with { Phase = Phase.Point, Bounds = Point(at) });
            case Phase.Point or Phase.Fraction when isDigit:
                return Id(FractionDigit(at with { Phase = Phase.Fraction }, value - '0'));
            case Phase.Zero or Phase.Whole or Phase.Fraction when value is (byte)'e' or (byte)'E' && _allowsExponent:
                return Id(at with { Phase = Phase.Exponent });
            case Phase.Exponent when value is (byte)'+' or (byte)'-':
                return Id(at with { Phase = Phase.ExponentSign });
            case Phase.Exponent or Phase.ExponentSign or Phase.ExponentDigits when isDigit:
                return Id(at with { Phase = Phase.ExponentDigits });
            default:
                return Dead;
        }
    }

    private static int[] Start0(State at) => [.. at.Bounds.Select(_ => 1)];

    private State Digit(State at, int digit)
    {
        int[] bounds = (int[])at.Bounds.Clone();
        for (int i = 0; i < bounds.Length; i++)
        {
            if (IsMoot(at, i))
            {
                bounds[i] = 1;
                continue;
            }

            int count = bounds[i] >> 2;
            int compared = (bounds[i] & 3) - 1;
            string whole = _wholes[i];
            if (count < whole.Length && compared == 0)
                compared = digit.CompareTo(whole[count] - '0');
            count = Math.Min(count + 1, whole.Length + 1);
            if (count > whole.Length)
                compared = 0;
            bounds[i] = (count << 2) + compared + 1;
        }

        return at with { Bounds = bounds, Divisors = Remainders(at, digit, fraction: false), IsNonZero = at.IsNonZero || digit != 0 };
    }

    /// <summary>Whether the signs alone tell how the number compares.</summary>
    private bool IsMoot(State at, int index) => _bounds[index].Sign == 0 || _bounds[index].Sign < 0 != at.IsNegative;

    private int[] Point(State at)
    {
        int[] bounds = new int[at.Bounds.Length];
        for (int i = 0; i < bounds.Length; i++)
            bounds[i] = IsMoot(at, i) ? 1 : WholePart(at.Bounds[i], i) + 1;
        return bounds;
    }

    private State FractionDigit(State at, int digit)
    {
        int[] bounds = (int[])at.Bounds.Clone();
        for (int i = 0; i < bounds.Length; i++)
        {
            int count = bounds[i] >> 2;
            int compared = (bounds[i] & 3) - 1;
            string fraction = _fractions[i];
            if (IsMoot(at, i) || compared != 0)
                continue;
            compared = digit.CompareTo(count < fraction.Length ? fraction[count] - '0' : 0);
            count = Math.Min(count + 1, fraction.Length);
            bounds[i] = compared == 0 ? (count << 2) + 1 : compared + 1;
        }

        return at with
        {
            Bounds = bounds,
            Divisors = Remainders(at, digit, fraction: true),
            IsNonZero = at.IsNonZero || digit != 0,
            HasFraction = at.HasFraction || (digit != 0 && _asksWhole),
        };
    }

    private long[] Remainders(State at, int digit, bool fraction)
    {
        long[] divisors = (long[])at.Divisors.Clone();
        for (int i = 0; i < _divisors.Count; i++)
        {
            long by = (long)BigInteger.Abs(_divisors[i].Digits);
            ref long remainder = ref divisors[2 * i];
            ref long decimals = ref divisors[(2 * i) + 1];
            if (fraction && decimals >= _divisors[i].Scale)
            {
                // Decimals beyond those of the divisor must be zero.
                if (digit != 0)
                    (remainder, decimals) = (0, _divisors[i].Scale + 1L);
                continue;
            }

            if (by > 0)
                remainder = (long)(((Int128)remainder * 10 + digit) % by);
            if (fraction)
                decimals++;
        }

        return divisors;
    }

    /// <summary>Whether an accepting state can be reached. A set that is too large to tell is refused.</summary>
    private bool IsLive(int state)
    {
        if (_states[state].IsLive is { } known)
            return known;
        Dictionary<int, int> from = new() { [state] = -1 };
        Stack<int> waiting = new([state]);
        while (waiting.TryPop(out int next))
        {
            State at = _states[next];
            if (at.IsLive == false)
                continue;
            if (at.IsLive == true || Accepts(at))
            {
                for (int id = next; id >= 0; id = from[id])
                    _states[id].IsLive = true;
                return true;
            }

            if (from.Count > MaxSearch)
                throw new GrammarException(_divisors.Count > 0 ? "multipleOf" : "minimum", "", "too many numbers have to be tried.");
            foreach (byte value in "e.-0123456789"u8)
            {
                int after = Step(next, value);
                if (after >= 0 && from.TryAdd(after, next))
                    waiting.Push(after);
            }
        }

        foreach (int id in from.Keys)
            _states[id].IsLive = false;
        return false;
    }

    private State At(int state)
    {
        State[] published = Volatile.Read(ref _published);
        return published[state];
    }

    private static string Key(State state) =>
        string.Concat(
            $"{(int)state.Phase}{(state.IsNegative ? '-' : '+')}{(state.IsNonZero ? '1' : '0')}{(state.HasFraction ? 'f' : 'w')}",
            MemoryMarshal.Cast<int, char>(state.Bounds).ToString(),
            MemoryMarshal.Cast<long, char>(state.Divisors).ToString());

    private int Id(State state)
    {
        string key = Key(state);
        if (_ids.TryGetValue(key, out int id))
            return id;
        id = _states.Count;
        state = state with { IsLive = null };
        _states.Add(state);
        if (id >= _published.Length)
        {
            State[] larger = new State[Math.Max(16, 2 * id)];
            _published.CopyTo(larger, 0);
            larger[id] = state;
            Volatile.Write(ref _published, larger);
        }

        _published[id] = state;
        _ids.Add(key, id);
        return id;
    }

    private sealed record State(Phase Phase, bool IsNegative, bool IsNonZero, bool HasFraction, int[] Bounds, long[] Divisors)
    {
        public bool? IsLive { get; set; }
    }
}
