using System.Net;
using System.Text;
using QwenSharp.Gateway.Providers;

namespace QwenSharp.Gateway.Tests;

/// <summary>What is mended of Alibaba Model Studio's on the way.</summary>
public class ModelStudioTests
{
    private const string Terse = """{"code":"InvalidApiKey","message":"Invalid API-key provided.","request_id":"r"}""";

    [Theory]
    [InlineData(null, "https://dashscope.aliyuncs.com", ProviderErrorKind.AuthMissing)]
    [InlineData("sk-1", "https://dashscope.aliyuncs.com", ProviderErrorKind.AuthInvalid)]
    [InlineData("sk-sp-1", "https://dashscope-intl.aliyuncs.com", ProviderErrorKind.AuthPlan)]
    [InlineData("sk-1", "https://coding.dashscope.aliyuncs.com", ProviderErrorKind.AuthPlan)]
    public async Task A_terse_401_is_explained(string? key, string host, ProviderErrorKind kind)
    {
        CannedReply http = new(HttpStatusCode.Unauthorized, "application/json", Encoding.UTF8.GetBytes(Terse));
        ProviderSettings settings = new("acme", ProviderKind.DashScope, new Uri(host)) { ApiKey = key };
        Reading reading = await Reading.OfAsync(Provider.Create(settings, new HttpMessageInvoker(http)), Make.Call());
        Assert.Equal(kind, reading.Error!.Kind);
        if (kind == ProviderErrorKind.AuthInvalid)
            Assert.Contains(new Uri(host).Host, reading.Error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ProviderKind.DashScope)]
    [InlineData(ProviderKind.DashScopeCompatible)]
    public async Task A_model_that_thinks_only_in_a_stream_is_asked_for_one(ProviderKind kind)
    {
        CannedReply http = CannedReply.Events(kind == ProviderKind.DashScope
            ? "data:{\"output\":{\"choices\":[{\"message\":{\"content\":\"06:12\"},\"finish_reason\":\"stop\"}]}}\n\n"
            : "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"06:12\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
        Reading reading = await Reading.OfAsync(Make.Provider(kind, http), Make.Call(stream: false));
        Assert.Equal("06:12", reading.Text);
        Assert.Null(reading.Error);
        Assert.True(
            http.Request!.Headers.Contains("X-DashScope-SSE")
            || http.RequestBody!.Contains("\"stream\":true", StringComparison.Ordinal));
    }
}
