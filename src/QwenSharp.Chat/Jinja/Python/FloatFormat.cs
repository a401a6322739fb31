using System.Globalization;
using System.Numerics;

namespace QwenSharp.Chat.Jinja.Python;

/// <summary>
/// Python's fixed, exponential and general float formats: the exact value, rounded half to even. .NET's own round half up.
/// </summary>
internal static class FloatFormat
{
    public static string Fixed(double value, int precision) => NotFinite(value) ?? Point(Scaled(value, precision), precision);

    public static string Exponential(double value, int precision)
    {
        if (NotFinite(value) is string special)
            return special;

        (string digits, int exponent) = Digits(value, precision);
        string fraction = precision > 0 ? "." + digits[1..] : string.Empty;
        return $"{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
    }

    /// <summary>
    /// The shorter of the two for <paramref name="precision"/> significant digits; trailing zeros go unless <paramref name="keepZeros"/>.
    /// </summary>
    public static string General(double value, int precision, bool keepZeros)
    {
        if (NotFinite(value) is string special)
            return special;

        precision = Math.Max(1, precision);
        int exponent = Digits(value, precision - 1).Exponent;
        string text = exponent >= -4 && exponent < precision ? Fixed(value, precision - 1 - exponent) : Exponential(value, precision - 1);
        if (keepZeros || !text.Contains('.', StringComparison.Ordinal))
            return text;

        string[] parts = text.Split('e');
        string mantissa = parts[0].TrimEnd('0').TrimEnd('.');
        return parts.Length > 1 ? $"{mantissa}e{parts[1]}" : mantissa;
    }

    /// <summary>The nearest double with <paramref name="precision"/> digits after the point, or before it if negative.</summary>
    public static double Round(double value, int precision)
    {
        if (!double.IsFinite(value) || precision > 323 || value == 0)
            return value;

        if (precision < -308)
            return Math.CopySign(0, value);

        double rounded = double.Parse($"{Scaled(value, precision)}E{-precision}", CultureInfo.InvariantCulture);
        return Math.CopySign(rounded, value);
    }

    // |value| · 10^precision, rounded half to even.
    private static BigInteger Scaled(double value, int precision)
    {
        long bits = BitConverter.DoubleToInt64Bits(Math.Abs(value));
        int exponent = (int)(bits >> 52);
        BigInteger numerator = exponent == 0 ? bits : (bits & ((1L << 52) - 1)) | (1L << 52);
        BigInteger denominator = BigInteger.One;
        int power = Math.Max(exponent, 1) - 1075;
        numerator <<= Math.Max(power, 0);
        denominator <<= Math.Max(-power, 0);
        numerator *= BigInteger.Pow(10, Math.Max(precision, 0));
        denominator *= BigInteger.Pow(10, Math.Max(-precision, 0));
        BigInteger quotient = BigInteger.DivRem(numerator, denominator, out BigInteger rest);
        int half = (rest * 2).CompareTo(denominator);
        return half > 0 || (half == 0 && !quotient.IsEven) ? quotient + 1 : quotient;
    }

    private static (string Digits, int Exponent) Digits(double value, int precision)
    {
        if (value == 0)
            return (new string('0', precision + 1), 0);

        int exponent = (int)Math.Floor(Math.Log10(Math.Abs(value)));
        while (true)
        {
            // The logarithm may be off by one, and rounding up may add a digit.
            string digits = Scaled(value, precision - exponent).ToString(CultureInfo.InvariantCulture);
            if (digits.Length == precision + 1)
                return (digits, exponent);

            exponent += digits.Length > precision + 1 ? 1 : -1;
        }
    }

    private static string Point(BigInteger scaled, int precision)
    {
        string digits = scaled.ToString(CultureInfo.InvariantCulture).PadLeft(precision + 1, '0');
        return precision == 0 ? digits : $"{digits[..^precision]}.{digits[^precision..]}";
    }

    // Signs are the caller's.
    private static string? NotFinite(double value) => double.IsFinite(value) ? null : double.IsNaN(value) ? "nan" : "inf";
}
