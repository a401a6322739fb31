using Microsoft.Extensions.AI;
using QwenSharp.Gateway.Providers;

namespace QwenSharp.Gateway.Tests;

public class ProviderChatClientTests
{
    private const string Whole = """
        {"id":"c-1","model":"m-2026","choices":[{"index":0,"message":{"content":"06:12"},"finish_reason":"stop"}],
        "usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}
        """;

    [Fact]
    public async Task An_answer_has_text_reason_usage_and_names()
    {
        CannedReply http = CannedReply.Json(Whole);
        using ProviderChatClient client = new(Make.Provider(ProviderKind.OpenAI, http), "m");
        ChatResponse response = await client.GetResponseAsync(
            "Tide?", new ChatOptions { Instructions = "One line." }, TestContext.Current.CancellationToken);
        Assert.Equal("06:12", response.Text);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.Equal(12, response.Usage!.TotalTokenCount);
        Assert.Equal("c-1", response.ResponseId);
        Assert.Equal("m-2026", response.ModelId);
        Assert.Contains(
            """{"role":"system","content":"One line."},{"role":"user","content":"Tide?"}""", http.RequestBody!, StringComparison.Ordinal);
        Assert.Contains("\"model\":\"m\"", http.RequestBody!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calls_are_folded_whole()
    {
        CannedReply http = CannedReply.Events(
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\","
            + "\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"x\\\":\"}}]}}]}\n\n"
            + "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"1}\"}}]}}]}\n\n"
            + "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
        using ProviderChatClient client = new(Make.Provider(ProviderKind.OpenAI, http), "m");
        ChatResponse response = await client.GetStreamingResponseAsync("Tide?", cancellationToken: TestContext.Current.CancellationToken)
            .ToChatResponseAsync(TestContext.Current.CancellationToken);
        FunctionCallContent call = Assert.IsType<FunctionCallContent>(Assert.Single(response.Messages.Single().Contents));
        Assert.Equal("a", call.CallId);
        Assert.Equal("1", call.Arguments!["x"]!.ToString());
        Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
    }

    [Fact]
    public void It_says_what_it_is()
    {
        using ProviderChatClient client = new(Make.Provider(ProviderKind.Anthropic, CannedReply.Json("{}")), "m");
        ChatClientMetadata metadata = Assert.IsType<ChatClientMetadata>(client.GetService(typeof(ChatClientMetadata)));
        Assert.Equal("anthropic", metadata.ProviderName);
        Assert.Equal("m", metadata.DefaultModelId);
        Assert.Same(client, client.GetService(typeof(IChatClient)));
        Assert.Null(client.GetService(typeof(string)));
    }
}
