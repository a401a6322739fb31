using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace QwenSharp.Grammars.Automata;

/// <summary>A decimal number, exactly: a whole number over a power of ten.</summary>
internal sealed record ExactDecimal
{
    private const int MaxDigits = 800;

    private ExactDecimal(BigInteger digits, int scale)
    {
        while (scale > 0 && digits % 10 == 0)
        {
            digits /= 10;
            scale--;
        }

        Digits = digits;
        Scale = digits.IsZero ? 0 : scale;
    }

    /// <summary>The number times ten to the power of <see cref="Scale"/>.</summary>
    public BigInteger Digits { get; }

    /// <summary>The number of decimals.</summary>
    public int Scale { get; }

    /// <summary>Reads a JSON number; null where it has too many digits.</summary>
    public static ExactDecimal? Of(JsonElement number)
    {
        string text = number.GetRawText();
        int exponentAt = text.AsSpan().IndexOfAny('e', 'E');
        string mantissa = exponentAt < 0 ? text : text[..exponentAt];
        int exponent = 0;
        if (exponentAt >= 0 && !int.TryParse(text.AsSpan(exponentAt + 1), out exponent))
            return null;
        int point = mantissa.IndexOf('.', StringComparison.Ordinal);
        int scale = point < 0 ? 0 : mantissa.Length - point - 1;
        if (mantissa.Length > MaxDigits || Math.Abs((long)exponent) > MaxDigits)
            return null;
        BigInteger digits = BigInteger.Parse(mantissa.Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        scale -= exponent;
        return scale >= 0 ? new ExactDecimal(digits, scale) : new ExactDecimal(digits * BigInteger.Pow(10, -scale), 0);
    }

    public bool IsWhole => Scale == 0;

    public int Sign => Digits.Sign;
}

/// <summary>A set of numbers: comparisons with exact decimals, multiples, and what is made of them.</summary>
internal abstract record NumberSet
{
    public static NumberSet All { get; } = new Everything(true);

    public static NumberSet None { get; } = new Everything(false);

    /// <summary>Numbers without a fraction, which may be written as <c>1.0</c>.</summary>
    public static NumberSet Whole { get; } = new WholeNumbers();

    public static NumberSet Above(ExactDecimal bound, bool orEqual) => new Comparison(bound, false, orEqual, true);

    public static NumberSet Below(ExactDecimal bound, bool orEqual) => new Comparison(bound, true, orEqual, false);

    public static NumberSet EqualTo(ExactDecimal value) => new Comparison(value, false, true, false);

    public static NumberSet And(NumberSet a, NumberSet b) =>
        a == All || a == b ? b
        : b == All ? a
        : a == None || b == None ? None
        : new Both(a, b);

    public static NumberSet Or(NumberSet a, NumberSet b) =>
        a == None || a == b ? b
        : b == None ? a
        : a == All || b == All ? All
        : new Either(a, b);

    public static NumberSet Not(NumberSet a) => a switch
    {
        Everything everything => everything.Is ? None : All,
        Except except => except.Of,
        _ => new Except(a),
    };

    public sealed record Everything(bool Is) : NumberSet;

    public sealed record WholeNumbers : NumberSet;

    /// <summary>Numbers below, equal to or above a bound.</summary>
    public sealed record Comparison(ExactDecimal Bound, bool Less, bool Equal, bool More) : NumberSet;

    public sealed record Multiple(ExactDecimal Of) : NumberSet;

    /// <summary>Whole numbers written without a fraction at all, as draft 4 has them.</summary>
    public sealed record PlainWhole : NumberSet;

    public sealed record Both(NumberSet A, NumberSet B) : NumberSet;

    public sealed record Either(NumberSet A, NumberSet B) : NumberSet;

    public sealed record Except(NumberSet Of) : NumberSet;
}
