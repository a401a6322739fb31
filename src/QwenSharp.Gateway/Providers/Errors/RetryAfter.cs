using System.Globalization;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace QwenSharp.Gateway.Providers.Errors;

/// <summary>How long a provider asks to be left alone, in whichever of the spellings it says so.</summary>
internal static partial class RetryAfter
{
    // A date that far away is a counter, or of a clock that is wrong.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(32);

    /// <summary>The time; null where nothing tells.</summary>
    public static TimeSpan? Of(ErrorBody body) =>
        Header(body.Headers, "retry-after-ms") is { } milliseconds && Number(milliseconds) is { } count ? TimeSpan.FromMilliseconds(count)
        : Header(body.Headers, "retry-after") is { } after && Read(after, body.Headers) is { } said ? said
        : body.RetryDelay is { } delay && Duration(delay) is { } asked ? asked
        : (body.Status == 429 ? Reset(body.Headers) : null) ?? Sentence(body.Message);

    /// <summary>
    /// <c>21</c> (seconds), <c>120ms</c>, <c>6m0s</c>, an RFC 3339 or HTTP date, or a time of Unix in seconds or milliseconds.
    /// </summary>
    internal static TimeSpan? Read(string value, HttpResponseHeaders? headers)
    {
        DateTimeOffset now = headers?.Date ?? DateTimeOffset.UtcNow;
        if (Number(value) is { } number)
        {
            return number switch
            {
                > 1e11 => Until(DateTimeOffset.FromUnixTimeMilliseconds((long)number), now),
                > 1e9 => Until(DateTimeOffset.FromUnixTimeSeconds((long)number), now),
                >= 0 => Bounded(TimeSpan.FromSeconds(number)),
                _ => null,
            };
        }

        return Duration(value) ?? (DateTimeOffset.TryParse(
            value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset date)
            ? Until(date, now)
            : null);
    }

    // Of several limits the one that is used up binds; where none is, any may.
    private static TimeSpan? Reset(HttpResponseHeaders? headers)
    {
        if (headers is null)
            return null;

        List<(TimeSpan Time, bool IsUsedUp)> resets = [];
        foreach ((string name, IEnumerable<string> values) in headers)
        {
            Match match = ResetName().Match(name);
            if (match.Success && Read(values.First(), headers) is { } time)
            {
                string remaining = name.Replace("reset", "remaining", StringComparison.OrdinalIgnoreCase);
                resets.Add((time, Header(headers, remaining) is "0"));
            }
        }

        return resets.Count == 0
            ? null
            : resets.Where(reset => reset.IsUsedUp || !resets.Exists(other => other.IsUsedUp)).Max(reset => reset.Time);
    }

    private static TimeSpan? Sentence(string message)
    {
        Match match = InWords().Match(message);
        string unit = match.Groups[2].Value is "ms" or "m" or "h" ? match.Groups[2].Value : "s";
        return match.Success ? Duration(match.Groups[1].Value + unit) : null;
    }

    // Go's form: numbers with units in a row.
    private static TimeSpan? Duration(string value)
    {
        Match match = GoDuration().Match(value.Trim());
        if (!match.Success)
            return null;

        TimeSpan sum = TimeSpan.Zero;
        for (int i = 0; i < match.Groups[1].Captures.Count; i++)
        {
            double number = double.Parse(match.Groups[1].Captures[i].ValueSpan, CultureInfo.InvariantCulture);
            sum += match.Groups[2].Captures[i].Value switch
            {
                "ms" => TimeSpan.FromMilliseconds(number),
                "s" => TimeSpan.FromSeconds(number),
                "m" => TimeSpan.FromMinutes(number),
                "h" => TimeSpan.FromHours(number),
                _ => TimeSpan.FromDays(number),
            };
        }

        return Bounded(sum);
    }

    private static TimeSpan? Until(DateTimeOffset date, DateTimeOffset now) => Bounded(date > now ? date - now : TimeSpan.Zero);

    private static TimeSpan? Bounded(TimeSpan time) => time <= Longest ? time : null;

    private static double? Number(string value) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
            ? number
            : null;

    private static string? Header(HttpResponseHeaders? headers, string name) =>
        headers is not null && headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First().Trim() : null;

    [GeneratedRegex("^(x-ratelimit-reset|(x-|anthropic-)?ratelimit[a-z-]*-reset)", RegexOptions.IgnoreCase)]
    private static partial Regex ResetName();

    [GeneratedRegex(@"^(?:(\d+(?:\.\d+)?)(ms|s|m|h|d))+$")]
    private static partial Regex GoDuration();

    [GeneratedRegex(
        @"(?:try again|retry)[a-z ]{0,12}(?:in|after) (\d+(?:\.\d+)?) ?(ms|s\b|m\b|h\b|seconds?|secs?)", RegexOptions.IgnoreCase)]
    private static partial Regex InWords();
}
