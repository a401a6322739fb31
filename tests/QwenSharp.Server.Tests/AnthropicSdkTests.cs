using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Server.Models;
using QwenSharp.Server.Tests.Scripted;

namespace QwenSharp.Server.Tests;

/// <summary>Anthropic's own JavaScript client speaks to the server: what it sends and expects is the protocol in practice.</summary>
public class AnthropicSdkTests
{
    [Fact]
    public async Task The_official_client_is_content_with_a_scripted_model()
    {
        await NodeScript.PrepareAsync("anthropic-sdk", "@anthropic-ai/sdk");
        TaskCompletionSource left = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            (call, token) => Answer(call, left, token), options => options with { ApiKey = "open sesame" });

        string output = await NodeScript.RunAsync("anthropic-sdk", "scripted.mjs", server.Server.Address.ToString());

        Assert.Equal(15, output.Split("ok: ").Length - 1);
        await left.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task The_official_client_calls_tools_thinks_and_goes_on_with_the_model_in_the_box()
    {
        await NodeScript.PrepareAsync("anthropic-sdk", "@anthropic-ai/sdk");
        await using QwenModel model = QwenModel.Load(Path.Combine(AppContext.BaseDirectory, "qwensharp-box.gguf"));
        ServerOptions options = new() { Port = 0, Models = [], DrainTime = TimeSpan.Zero };
        await using QwenServer server = await QwenServer.StartAsync(
            options, [.. ServedModel.Of(model)], TestContext.Current.CancellationToken);

        string output = await NodeScript.RunAsync("anthropic-sdk", "tiny.mjs", server.Address.ToString(), model.Id);

        Assert.Contains("QwenSharp", output);
    }

    private static IAsyncEnumerable<ChatResponseUpdate> Answer(ScriptedCall call, TaskCompletionSource left, CancellationToken token)
    {
        ChatMessage last = call.Messages[^1];
        if (last.Contents is [FunctionResultContent { Result: string result }])
            return Scripts.Say(result)(call, token);

        return last.Text switch
        {
            "call" => Scripts.Updates(
                new ChatResponseUpdate
                {
                    Contents = [new FunctionCallContent("call_1", "weather", new Dictionary<string, object?> { ["city"] = "Łódź" })],
                },
                Scripts.End(ChatFinishReason.ToolCalls, 1, 1)
            )(call, token),
            "two calls" => Scripts.TwoCalls(call, token),
            "cut" => Scripts.CutCall(call, token),
            "think" => Scripts.Updates(
                new ChatResponseUpdate { Contents = [new TextReasoningContent("Well,")] },
                new ChatResponseUpdate { Contents = [new TextReasoningContent(" now.")] },
                new ChatResponseUpdate { Contents = [new TextContent("Done.")] },
                Scripts.End(ChatFinishReason.Stop, 1, 3)
            )(call, token),
            "thoughts?" => Scripts.Say(
                $"{call.Messages.SelectMany(message => message.Contents).Count(content => content is TextReasoningContent)}")(call, token),
            "stop" => Scripts.Updates(
                new ChatResponseUpdate { Contents = [new TextContent("Hi")] },
                new ChatResponseUpdate
                {
                    FinishReason = ChatFinishReason.Stop,
                    AdditionalProperties = new() { [ChatOptionKeys.StopSequence] = "END" },
                }
            )(call, token),
            "fail" => throw new InvalidOperationException("The script fails."),
            "fail late" => FailLate(),
            "forever" => Forever(left, token),
            _ => Scripts.Echo(call, token),
        };
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> FailLate()
    {
        yield return new ChatResponseUpdate(ChatRole.Assistant, "so far");
        await Task.Yield();
        throw new InvalidOperationException("The script fails.");
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> Forever(
        TaskCompletionSource left,
        [EnumeratorCancellation] CancellationToken token)
    {
        try
        {
            while (true)
            {
                yield return new ChatResponseUpdate(ChatRole.Assistant, "on and ");
                await Task.Delay(1, token);
            }
        }
        finally
        {
            left.TrySetResult();
        }
    }
}
