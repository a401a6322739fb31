using System.ClientModel;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;
using QwenSharp.Server.Tests.Scripted;
using Reason = OpenAI.Chat.ChatFinishReason;

namespace QwenSharp.Server.Tests;

/// <summary>OpenAI's own .NET client speaks to the server.</summary>
public class OpenAINetTests
{
    [Fact]
    public async Task The_official_client_streams_words_and_a_tool_call()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            Scripts.Updates(
                new ChatResponseUpdate { Contents = [new TextContent("Let me")] },
                new ChatResponseUpdate { Contents = [new TextContent(" look.")] },
                new ChatResponseUpdate
                {
                    Contents = [new FunctionCallContent("call_1", "weather", new Dictionary<string, object?> { ["city"] = "Ghent" })],
                },
                Scripts.End(Microsoft.Extensions.AI.ChatFinishReason.ToolCalls, 5, 9)));
        ChatClient client = Client(server);
        ChatCompletionOptions options = new()
        {
            Tools = { ChatTool.CreateFunctionTool("weather", "The weather", BinaryData.FromString("""{"type":"object"}""")) },
        };

        string text = "";
        string call = "";
        Reason? reason = null;
        int tokens = 0;
        await foreach (
            StreamingChatCompletionUpdate update in client.CompleteChatStreamingAsync(
                [new UserChatMessage("Hi")],
                options,
                TestContext.Current.CancellationToken))
        {
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
            call += string.Concat(update.ToolCallUpdates.Select(part => $"{part.FunctionName}{part.FunctionArgumentsUpdate}"));
            reason ??= update.FinishReason;
            tokens += update.Usage?.TotalTokenCount ?? 0;
        }

        Assert.Equal(("Let me look.", """weather{"city":"Ghent"}"""), (text, call));
        Assert.Equal((Reason.ToolCalls, 14), (reason, tokens));
    }

    [Fact]
    public async Task The_official_client_reads_a_whole_reply_and_an_error()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("Good", "day"));
        ChatClient client = Client(server);

        ChatCompletion reply = await client.CompleteChatAsync(
            [new UserChatMessage("Hi")],
            cancellationToken: TestContext.Current.CancellationToken);
        ClientResultException fault = await Assert.ThrowsAsync<ClientResultException>(() =>
            client.CompleteChatAsync(
                [new UserChatMessage("Hi")],
                new ChatCompletionOptions { TopLogProbabilityCount = 3 },
                TestContext.Current.CancellationToken));

        Assert.Equal(("Good day", 2), (reply.Content[0].Text, reply.Usage.OutputTokenCount));
        Assert.Equal(400, fault.Status);
        Assert.Contains("top_logprobs", fault.Message);
    }

    private static ChatClient Client(ScriptedServer server) => new(
        "scripted",
        new ApiKeyCredential("none"),
        new OpenAIClientOptions { Endpoint = new Uri(server.Server.Address, "/v1") });
}
