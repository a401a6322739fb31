using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers;

namespace QwenSharp.Gateway.Tests.Fixtures;

/// <summary>The neutral reading that the reference data tells of a file.</summary>
internal static class Expectation
{
    private static readonly Dictionary<string, ProviderErrorKind> Errors = new()
    {
        ["auth_missing"] = ProviderErrorKind.AuthMissing,
        ["auth_invalid"] = ProviderErrorKind.AuthInvalid,
        ["auth_expired"] = ProviderErrorKind.AuthExpired,
        ["auth_region"] = ProviderErrorKind.AuthRegion,
        ["auth_plan"] = ProviderErrorKind.AuthPlan,
        ["permission"] = ProviderErrorKind.Permission,
        ["not_found"] = ProviderErrorKind.NotFound,
        ["throttled"] = ProviderErrorKind.Throttled,
        ["quota"] = ProviderErrorKind.Quota,
        ["billing"] = ProviderErrorKind.Billing,
        ["overloaded"] = ProviderErrorKind.Overloaded,
        ["context_too_long"] = ProviderErrorKind.ContextTooLong,
        ["too_large"] = ProviderErrorKind.TooLarge,
        ["content_filter"] = ProviderErrorKind.ContentFilter,
        ["bad_request"] = ProviderErrorKind.BadRequest,
        ["unsupported_param"] = ProviderErrorKind.UnsupportedParameter,
        ["timeout"] = ProviderErrorKind.Timeout,
        ["server"] = ProviderErrorKind.Server,
    };

    public static ProviderErrorKind Error(string word) => Errors[word];

    public static void Check(JsonElement expected, Reading reading)
    {
        if (expected.TryGetProperty("error", out JsonElement error))
            Assert.Equal(Error(error.GetString()!), reading.Error?.Kind);
        else
            Assert.Null(reading.Error);

        if (expected.TryGetProperty("text", out JsonElement text))
        {
            Assert.Equal(text.GetString(), reading.Text);
            Assert.Equal(expected.GetProperty("thinking").GetString() ?? "", reading.Thinking);
            Assert.Equal(expected.GetProperty("stop").GetString(), reading.Stop);
            CheckCalls(expected.GetProperty("tool_calls"), reading);
            Assert.Equal(expected.GetProperty("signatures").EnumerateArray().Select(Signature), reading.Protected(redacted: false));
        }

        if (expected.TryGetProperty("tools", out JsonElement tools))
            Assert.Equal(tools.EnumerateArray().Select(tool => tool.GetString()), reading.Calls.Select(call => call.Name));

        if (expected.TryGetProperty("usage", out JsonElement usage))
            CheckUsage(usage, reading);

        if (expected.TryGetProperty("redacted", out JsonElement redacted))
            Assert.Equal(redacted.EnumerateArray().Select(value => value.GetString()), reading.Protected(redacted: true));

        if (expected.TryGetProperty("refusal", out JsonElement refusal))
            Assert.Equal(refusal.GetString(), reading.Refusal);

        if (expected.TryGetProperty("stop_sequence", out JsonElement stop))
            Assert.Equal(stop.GetString(), reading.StopSequence);

        if (expected.TryGetProperty("category", out JsonElement category))
            Assert.Equal(category.GetString(), reading.Updates[^1].AdditionalProperties?[ContentKeys.RefusalCategory]);

        if (expected.TryGetProperty("logprob_tokens", out JsonElement tokens))
            Assert.Equal(tokens.GetInt32(), reading.Updates.Sum(update => TextToken.Of(update).Count));

        if (expected.TryGetProperty("citations", out JsonElement citations))
            CheckCitations(citations, reading);
    }

    private static string? Signature(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetProperty("value").GetString();

    private static void CheckCalls(JsonElement expected, Reading reading)
    {
        Assert.Equal(expected.GetArrayLength(), reading.Calls.Count);
        Assert.Equal(reading.Calls.Count, reading.Calls.Select(call => call.CallId).Distinct().Count());
        foreach ((JsonElement wanted, FunctionCallContent call) in expected.EnumerateArray().Zip(reading.Calls))
        {
            if (wanted.GetProperty("id").GetString() is { } id)
                Assert.Equal(id, call.CallId);

            Assert.Equal(wanted.GetProperty("name").GetString(), call.Name);
            string pieces = string.Concat(
                reading.Fragments.Where(fragment => fragment.CallId == call.CallId).Select(fragment => fragment.Arguments));
            Assert.True(JsonElement.DeepEquals(wanted.GetProperty("arguments"), JsonElement.Parse(pieces)));
            Assert.True(JsonElement.DeepEquals(
                wanted.GetProperty("arguments"), JsonSerializer.SerializeToElement(call.Arguments, AIJsonUtilities.DefaultOptions)));
        }
    }

    private static void CheckCitations(JsonElement expected, Reading reading)
    {
        if (expected.ValueKind == JsonValueKind.Number)
        {
            Assert.Equal(expected.GetInt32(), reading.Citations.Count);
            return;
        }

        foreach ((JsonElement wanted, CitationAnnotation citation) in expected.EnumerateArray().Zip(reading.Citations))
        {
            TextSpanAnnotatedRegion region = Assert.IsType<TextSpanAnnotatedRegion>(Assert.Single(citation.AnnotatedRegions!));
            Assert.Equal(wanted.GetProperty("start").GetInt32(), region.StartIndex);
            Assert.Equal(wanted.GetProperty("end").GetInt32(), region.EndIndex);
            Assert.Equal(wanted.GetProperty("title").GetString(), citation.Title);
            Assert.Equal(wanted.GetProperty("url").GetString(), citation.Url?.OriginalString);
        }
    }

    private static void CheckUsage(JsonElement expected, Reading reading)
    {
        if (expected.ValueKind == JsonValueKind.Null)
        {
            Assert.Null(reading.Usage);
            return;
        }

        UsageDetails usage = Assert.IsType<UsageDetails>(reading.Usage);
        long Written(string key) => usage.AdditionalCounts?.GetValueOrDefault(key) ?? 0;
        (string Name, string Key)[] writes =
        [
            ("cache_write_5m", UsageKeys.CacheWrite5Minutes), ("cache_write_1h", UsageKeys.CacheWrite1Hour),
            ("cache_write_30m", UsageKeys.CacheWrite30Minutes), ("cache_write_unspecified", UsageKeys.CacheWriteUnspecified),
        ];
        foreach ((string name, string key) in writes)
            Assert.Equal(expected.GetProperty(name).GetInt64(), Written(key));

        Assert.Equal(expected.GetProperty("cache_read").GetInt64(), usage.CachedInputTokenCount ?? 0);
        Assert.Equal(
            expected.GetProperty("input_uncached").GetInt64(),
            usage.InputTokenCount - (usage.CachedInputTokenCount ?? 0) - writes.Sum(write => Written(write.Key)));
        Assert.Equal(Count("output_total"), usage.OutputTokenCount);
        Assert.Equal(Count("reasoning"), usage.ReasoningTokenCount);
        if (expected.TryGetProperty("web_search", out JsonElement searches))
            Assert.Equal(searches.GetInt64(), Written(UsageKeys.WebSearches));

        if (expected.TryGetProperty("cost_usd", out JsonElement cost))
            Assert.Equal(cost.GetDouble(), reading.Updates[^1].AdditionalProperties?[ContentKeys.Cost]);

        long? Count(string name) => expected.GetProperty(name) is { ValueKind: JsonValueKind.Number } value ? value.GetInt64() : null;
    }
}
