using QwenSharp.Gateway.Providers;
using QwenSharp.Gateway.Providers.Errors;

namespace QwenSharp.Gateway.Tests.Wire;

public class RetryAfterTests
{
    [Theory]
    [InlineData("retry-after", "21", 21.0)]
    [InlineData("retry-after", "1.5", 1.5)]
    [InlineData("retry-after", "Mon, 30 Nov 2026 17:30:40 GMT", 40.0)]
    [InlineData("retry-after-ms", "120", 0.12)]
    [InlineData("x-ratelimit-reset-requests", "120ms", 0.12)]
    [InlineData("x-ratelimit-reset-tokens", "6m0s", 360.0)]
    [InlineData("x-ratelimit-reset-tokens", "26", 26.0)]
    [InlineData("x-ratelimit-reset", "1796059810000", 10.0)]
    [InlineData("anthropic-ratelimit-requests-reset", "2026-11-30T17:31:00Z", 60.0)]
    [InlineData("anthropic-ratelimit-unified-reset", "1796059830", 30.0)]
    [InlineData("ratelimitbysize-reset", "21", 21.0)]
    [InlineData("retry-after", "Mon, 30 Nov 2026 17:00:00 GMT", 0.0)]
    [InlineData("retry-after", "soon", null)]
    [InlineData("retry-after", "-1", null)]
    public void Headers_are_read_in_all_their_spellings(string name, string value, double? seconds)
    {
        using HttpResponseMessage response = new();
        response.Headers.TryAddWithoutValidation("date", "Mon, 30 Nov 2026 17:30:00 GMT");
        response.Headers.TryAddWithoutValidation(name, value);
        ErrorBody body = new(429, "slow down", [], null) { Headers = response.Headers };
        Assert.Equal(seconds, RetryAfter.Of(body)?.TotalSeconds);
    }

    [Fact]
    public void Of_several_limits_the_one_that_is_used_up_binds()
    {
        using HttpResponseMessage response = new();
        response.Headers.TryAddWithoutValidation("x-ratelimit-reset-requests", "3s");
        response.Headers.TryAddWithoutValidation("x-ratelimit-remaining-requests", "0");
        response.Headers.TryAddWithoutValidation("x-ratelimit-reset-tokens", "50s");
        response.Headers.TryAddWithoutValidation("x-ratelimit-remaining-tokens", "1200");
        Assert.Equal(3, RetryAfter.Of(new(429, "", [], null) { Headers = response.Headers })!.Value.TotalSeconds);
    }

    [Theory]
    [InlineData("Please try again in 120ms.", 0.12)]
    [InlineData("Please retry after 26 seconds.", 26.0)]
    [InlineData("Try again later.", null)]
    public void A_sentence_is_read_where_nothing_else_tells(string message, double? seconds) =>
        Assert.Equal(seconds, RetryAfter.Of(new ErrorBody(429, message, [], null))?.TotalSeconds);
}
