using System.Globalization;

namespace QwenSharp.Server.Callers;

/// <summary>What a key has left of its minute, in the headers that most clients know: <c>x-ratelimit-*</c>.</summary>
internal static class LimitHeaders
{
    public static void Write(KeyAllowance allowance, IHeaderDictionary headers)
    {
        Write("requests", allowance.Requests, headers);
        Write("tokens", allowance.Tokens, headers);
    }

    private static void Write(string what, Limit? limit, IHeaderDictionary headers)
    {
        if (limit is null)
            return;

        headers[$"x-ratelimit-limit-{what}"] = limit.Most.ToString(CultureInfo.InvariantCulture);
        headers[$"x-ratelimit-remaining-{what}"] = limit.Left.ToString(CultureInfo.InvariantCulture);
        headers[$"x-ratelimit-reset-{what}"] = limit.Full >= TimeSpan.FromMinutes(1)
            ? string.Create(CultureInfo.InvariantCulture, $"{(int)limit.Full.TotalMinutes}m{limit.Full.Seconds}s")
            : string.Create(CultureInfo.InvariantCulture, $"{limit.Full.TotalSeconds:0.###}s");
    }
}
