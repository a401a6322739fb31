using System.Net;
using System.Text.Json;
using QwenSharp.Gateway.Providers;

namespace QwenSharp.Gateway.Tests.Fixtures;

/// <summary>Answers that are not streamed, and refusals, as every provider gives them.</summary>
public class ReplyFixtureTests
{
    public static TheoryData<string> Replies() => [.. ProviderFixture.Named("reply-")];

    public static TheoryData<string> Refusals() => [.. ProviderFixture.Named("error-")];

    [Theory]
    [MemberData(nameof(Replies))]
    public async Task A_reply_is_read_as_the_reference_data_says(string path)
    {
        CannedReply http = new(HttpStatusCode.OK, "application/json", ProviderFixture.Bytes(path));
        Provider provider = Make.Provider(ProviderFixture.Kind(path), http);
        Reading reading = await Reading.OfAsync(provider, Make.Call(stream: false, model: ProviderFixture.Model(path)));
        Expectation.Check(ProviderFixture.Expected(path), reading);
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_refusal_is_classed_as_the_reference_data_says(string path)
    {
        CannedReply http = ProviderFixture.Http(path);
        Provider provider = Make.Provider(ProviderFixture.Kind(path), http);
        Reading reading = await Reading.OfAsync(provider, Make.Call());
        JsonElement expected = ProviderFixture.Expected(path);
        ProviderError error = Assert.IsType<ProviderError>(reading.Error);
        Assert.Equal(Expectation.Error(expected.GetProperty("error").GetString()!), error.Kind);
        Assert.Equal(expected.GetProperty("retryable").GetBoolean(), error.Retryable);
        Assert.Equal(
            expected.GetProperty("retry_after_s") is { ValueKind: JsonValueKind.Number } wait ? wait.GetDouble() : null,
            error.RetryAfter?.TotalSeconds);
        if (expected.TryGetProperty("param", out JsonElement parameter))
            Assert.Equal(parameter.GetString(), error.Parameter);

        Assert.False(error.AfterFirstToken);
        Assert.DoesNotContain("sk-demo\"", error.Message, StringComparison.Ordinal);
    }
}
