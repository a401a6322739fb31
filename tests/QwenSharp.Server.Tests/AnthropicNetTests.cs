using Anthropic;
using Anthropic.Exceptions;
using Anthropic.Models.Messages;
using Microsoft.Extensions.AI;
using QwenSharp.Server.Tests.Scripted;

namespace QwenSharp.Server.Tests;

/// <summary>Anthropic's own .NET client speaks to the server, and Microsoft.Extensions.AI through it.</summary>
public class AnthropicNetTests
{
    private static readonly Script Thoughtful = Scripts.Updates(
        new ChatResponseUpdate { Contents = [new TextReasoningContent("Hm.")] },
        new ChatResponseUpdate { Contents = [new TextContent("Let me look.")] },
        new ChatResponseUpdate
        {
            Contents = [new FunctionCallContent("call_1", "weather", new Dictionary<string, object?> { ["city"] = "Ghent" })],
        },
        Scripts.End(ChatFinishReason.ToolCalls, 5, 9));

    [Fact]
    public async Task The_official_client_finds_replies_and_events_whole()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Thoughtful);
        AnthropicClient client = Client(server);

        Message reply = await client.Messages.Create(Ask("Hi"), TestContext.Current.CancellationToken);
        reply.Validate();
        List<string> types = [];
        await foreach (RawMessageStreamEvent next in client.Messages.CreateStreaming(Ask("Hi"), TestContext.Current.CancellationToken))
        {
            next.Validate();
            types.Add(next.Json.GetProperty("type").GetString()!);
        }

        Assert.Equal(3, reply.Content.Count);
        Assert.Equal((5, 9), (reply.Usage.InputTokens, reply.Usage.OutputTokens));
        Assert.Equal(("message_start", "message_stop"), (types[0], types[^1]));
    }

    [Fact]
    public async Task A_neutral_client_thinks_and_calls_through_it()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Thoughtful);
        IChatClient client = Client(server).AsIChatClient("scripted", 100);

        ChatResponse reply = await client
            .GetStreamingResponseAsync("Hi", cancellationToken: TestContext.Current.CancellationToken)
            .ToChatResponseAsync(TestContext.Current.CancellationToken);

        Assert.Equal("Let me look.", reply.Text);
        Assert.Equal("Hm.", reply.Messages[0].Contents.OfType<TextReasoningContent>().First().Text);
        Assert.Equal("weather", reply.Messages[0].Contents.OfType<FunctionCallContent>().Single().Name);
        Assert.Equal((ChatFinishReason.ToolCalls, 14), (reply.FinishReason, reply.Usage!.TotalTokenCount));
    }

    [Fact]
    public async Task An_error_has_its_class()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Thoughtful);

        AnthropicBadRequestException fault = await Assert.ThrowsAsync<AnthropicBadRequestException>(() =>
            Client(server).Messages.Create(Ask("Hi") with { MaxTokens = 0 }, TestContext.Current.CancellationToken));

        Assert.Contains("'max_tokens'", fault.Message);
    }

    private static AnthropicClient Client(ScriptedServer server) =>
        new() { BaseUrl = server.Server.Address.ToString(), ApiKey = "none", MaxRetries = 0 };

    private static MessageCreateParams Ask(string words) => new()
    {
        MaxTokens = 100,
        Model = "scripted",
        Messages = [new UserMessageParam(words)],
    };
}
