using System.Globalization;
using System.Text.RegularExpressions;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.Ollama;

/// <summary>How long a model stays loaded after a request: seconds, or a duration as Go writes them, such as <c>1h30m</c>.</summary>
internal static partial class KeepAlive
{
    private static readonly Dictionary<string, double> Seconds = new()
    {
        ["h"] = 3600,
        ["m"] = 60,
        ["s"] = 1,
        ["ms"] = 1e-3,
        ["us"] = 1e-6,
        ["µs"] = 1e-6,
        ["ns"] = 1e-9,
    };

    /// <summary>The time; infinite where it is below zero, null where the request does not say.</summary>
    public static TimeSpan? Read(RequestFields fields)
    {
        if (fields.Take("keep_alive") is not { } value)
            return null;

        double seconds = value.IsString ? Parse(value) : value.Number(double.MinValue, double.MaxValue);

        // Longer than a timer counts is for ever.
        return seconds < 0 || seconds >= TimeSpan.FromDays(40).TotalSeconds ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(seconds);
    }

    private static double Parse(RequestValue value)
    {
        string text = value.String();
        const NumberStyles Plain = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        if (double.TryParse(text, Plain, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number))
            return number;

        if (!Duration().IsMatch(text))
            throw value.Invalid($"must be a number of seconds or a duration such as '5m', not '{Excerpt.Of(text)}'.");

        double sum = Part().Matches(text).Sum(part =>
            double.Parse(part.Groups[1].Value, CultureInfo.InvariantCulture) * Seconds[part.Groups[2].Value]);
        return text[0] == '-' ? -sum : sum;
    }

    [GeneratedRegex(@"^[-+]?(\d+(\.\d+)?(h|ms|m|us|µs|ns|s)){1,8}$", RegexOptions.CultureInvariant)]
    private static partial Regex Duration();

    [GeneratedRegex(@"(\d+(?:\.\d+)?)(h|ms|m|us|µs|ns|s)", RegexOptions.CultureInvariant)]
    private static partial Regex Part();
}
