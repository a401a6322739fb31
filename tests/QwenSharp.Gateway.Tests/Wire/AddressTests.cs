using QwenSharp.Gateway.Providers;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Tests.Wire;

public class AddressTests
{
    [Theory]
    [InlineData("https://h.example", "/v1/chat/completions", "https://h.example/v1/chat/completions")]
    [InlineData("https://h.example/v1", "/v1/chat/completions", "https://h.example/v1/chat/completions")]
    [InlineData("https://h.example/v1/", "/v1/chat/completions", "https://h.example/v1/chat/completions")]
    [InlineData("http://127.0.0.1:9001/team", "/v1/messages", "http://127.0.0.1:9001/team/v1/messages")]
    [InlineData("https://coding.example/v1", "/compatible-mode/v1/chat/completions", "https://coding.example/v1/chat/completions")]
    [InlineData("https://router.example/api", "/api/v1/chat/completions", "https://router.example/api/v1/chat/completions")]
    [InlineData("https://h.example/beta", "/chat/completions", "https://h.example/beta/chat/completions")]
    [InlineData("https://h.example/?k=v", "/a?b=c", "https://h.example/a?b=c&k=v")]
    public void A_path_begins_where_the_base_url_ends(string baseUrl, string path, string address) =>
        Assert.Equal(address, Address.Of(new Uri(baseUrl), path).OriginalString);

    [Theory]
    [InlineData(ProviderKind.OpenAI, "https://h.example/v1/chat/completions")]
    [InlineData(ProviderKind.OpenAIResponses, "https://h.example/v1/responses")]
    [InlineData(ProviderKind.AzureOpenAI, "https://h.example/openai/v1/chat/completions")]
    [InlineData(ProviderKind.Anthropic, "https://h.example/v1/messages")]
    [InlineData(ProviderKind.Bedrock, "https://h.example/model/eu.anthropic.claude-x%3A0/invoke-with-response-stream")]
    [InlineData(
        ProviderKind.Vertex,
        "https://h.example/v1/projects/-/locations/global/publishers/anthropic/models/eu.anthropic.claude-x%3A0:streamRawPredict")]
    [InlineData(ProviderKind.Gemini, "https://h.example/v1beta/models/eu.anthropic.claude-x%3A0:streamGenerateContent?alt=sse")]
    [InlineData(ProviderKind.DashScope, "https://h.example/api/v1/services/aigc/text-generation/generation")]
    [InlineData(ProviderKind.DashScopeCompatible, "https://h.example/compatible-mode/v1/chat/completions")]
    [InlineData(ProviderKind.DeepSeek, "https://h.example/chat/completions")]
    [InlineData(ProviderKind.OpenRouter, "https://h.example/api/v1/chat/completions")]
    [InlineData(ProviderKind.Ollama, "https://h.example/api/chat")]
    [InlineData(ProviderKind.LlamaServer, "https://h.example/v1/chat/completions")]
    public void Every_kind_has_its_documented_path(ProviderKind kind, string address)
    {
        ProviderCall call = Make.Call(model: "eu.anthropic.claude-x:0");
        Assert.Equal(address, Forms.Of(Make.Settings(kind, "https://h.example")).Write(call).Address.AbsoluteUri);
    }

    [Fact]
    public void An_Azure_deployment_stands_in_the_path_where_a_version_is_given()
    {
        ProviderSettings settings = Make.Settings(ProviderKind.AzureOpenAI) with { ApiVersion = "2024-12-01-preview" };
        WireRequest request = Forms.Of(settings).Write(Make.Call(model: "tides-gpt"));
        Assert.Equal(
            "https://host.example/openai/deployments/tides-gpt/chat/completions?api-version=2024-12-01-preview",
            request.Address.AbsoluteUri);
        Assert.Equal("sk-demo", request.Headers["api-key"]);
    }

    [Fact]
    public void Vertex_has_the_project_and_the_place_from_settings_or_from_the_base_url()
    {
        const string Address =
            "https://h.example/v1/projects/demo/locations/europe-west1/publishers/anthropic/models/claude-x@2025:rawPredict";
        ProviderCall call = Make.Call(stream: false, model: "claude-x@2025");
        ProviderSettings settings = Make.Settings(ProviderKind.Vertex, "https://h.example");
        Assert.Equal(
            Address,
            Forms.Of(settings with { Project = "demo", Region = "europe-west1" }).Write(call).Address.AbsoluteUri);
        Assert.Equal(
            Address,
            Forms.Of(settings with { BaseUrl = new Uri("https://h.example/v1/projects/demo/locations/europe-west1") })
                .Write(call).Address.AbsoluteUri);
    }
}
