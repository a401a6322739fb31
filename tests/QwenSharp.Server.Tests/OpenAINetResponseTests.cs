using System.ClientModel;
using Microsoft.Extensions.AI;
using OpenAI.Responses;
using QwenSharp.Server.Tests.Scripted;

// The client's own mark of what may change in it.
#pragma warning disable OPENAI001

namespace QwenSharp.Server.Tests;

/// <summary>OpenAI's own .NET client speaks of responses to the server.</summary>
public class OpenAINetResponseTests
{
    [Fact]
    public async Task The_official_client_streams_a_response_and_continues_it()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            Scripts.Updates(
                new ChatResponseUpdate { Contents = [new TextReasoningContent("Let me see.")] },
                new ChatResponseUpdate { Contents = [new TextContent("Good")] },
                new ChatResponseUpdate { Contents = [new TextContent(" day")] },
                new ChatResponseUpdate
                {
                    Contents = [new FunctionCallContent("call_1", "weather", new Dictionary<string, object?> { ["city"] = "Ghent" })],
                },
                Scripts.End(Microsoft.Extensions.AI.ChatFinishReason.ToolCalls, 5, 9)));
        ResponsesClient client = new(
            new ApiKeyCredential("none"), new ResponsesClientOptions { Endpoint = new Uri(server.Server.Address, "/v1") });
        CreateResponseOptions options = new("scripted", [ResponseItem.CreateUserMessageItem("Hi")])
        {
            StreamingEnabled = true,
            Tools = { ResponseTool.CreateFunctionTool("weather", BinaryData.FromString("""{"type":"object"}"""), strictModeEnabled: false) },
        };

        string text = "", arguments = "";
        ResponseResult? last = null;
        await foreach (
            StreamingResponseUpdate update in await client.CreateResponseStreamingAsync(options, TestContext.Current.CancellationToken))
        {
            text += (update as StreamingResponseOutputTextDeltaUpdate)?.Delta;
            arguments += (update as StreamingResponseFunctionCallArgumentsDoneUpdate)?.FunctionArguments;
            last = (update as StreamingResponseCompletedUpdate)?.Response ?? last;
        }

        ResponseResult second = await client.CreateResponseAsync(
            new CreateResponseOptions("scripted", [ResponseItem.CreateFunctionCallOutputItem("call_1", "sunny")])
            {
                PreviousResponseId = last!.Id,
            },
            TestContext.Current.CancellationToken);

        Assert.Equal(("Good day", """{"city":"Ghent"}"""), (text, arguments));
        Assert.Equal((ResponseStatus.Completed, 14), (last.Status, last.Usage.TotalTokenCount));
        Assert.Equal("Good day", second.GetOutputText());
        Assert.Equal("sunny", ((FunctionResultContent)server.Chat.Calls[1].Messages[^1].Contents[0]).Result);
    }
}
