using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Models;
using QwenSharp.Server.Tests.Scripted;
using QwenSharp.Tests;

namespace QwenSharp.Server.Tests;

/// <summary>OpenAI's own JavaScript client speaks to the server: what it sends and expects is the protocol in practice.</summary>
public class OpenAISdkTests
{
    [Fact]
    public async Task The_official_client_is_content_with_a_scripted_model()
    {
        await NodeScript.PrepareAsync("openai-sdk", "openai");
        TaskCompletionSource left = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            (call, token) => Answer(call, left, token), options => options with { ApiKey = "open sesame" });

        string output = await NodeScript.RunAsync("openai-sdk", "scripted.mjs", new Uri(server.Server.Address, "/v1").ToString());

        Assert.Equal(18, output.Split("ok: ").Length - 1);
        await left.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task The_official_client_is_content_with_responses()
    {
        await NodeScript.PrepareAsync("openai-sdk", "openai");
        TaskCompletionSource left = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ScriptedServer server = await ScriptedServer.StartAsync((call, token) => Answer(call, left, token));

        string output = await NodeScript.RunAsync("openai-sdk", "responses.mjs", new Uri(server.Server.Address, "/v1").ToString());

        Assert.Equal(13, output.Split("ok: ").Length - 1);
        await left.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task The_official_client_streams_a_chat_from_a_real_model()
    {
        await NodeScript.PrepareAsync("openai-sdk", "openai");
        using TemporaryFolder folder = new();
        string path = ScriptedCheckpoint.Write(folder["tiny.gguf"], ["Grüße", " aus", " 北京", "!!"]);
        ServerOptions options = new() { Port = 0, Models = [new ModelSource(path, new QwenModelOptions { Threads = 1 })] };
        await using QwenServer server = await QwenServer.StartAsync(options, TestContext.Current.CancellationToken);

        string output = await NodeScript.RunAsync("openai-sdk", "tiny.mjs", new Uri(server.Address, "/v1").ToString(), "tiny");

        Assert.Equal("Grüße aus 北京!!", output.Trim());
    }

    [Fact]
    public async Task The_official_client_embeds_and_moderates()
    {
        await NodeScript.PrepareAsync("openai-sdk", "openai");
        using TemporaryFolder folder = new();
        QwenModelOptions one = new() { Threads = 1 };
        string embedding = RandomCheckpoint.Write(folder["embedding.gguf"], Pooling.Last);
        string guard = ScriptedCheckpoint.Write(folder["guard.gguf"], ["Safety: Unsafe\n", "Categories: Violent, ", "PII"]);
        string chat = ScriptedCheckpoint.Write(folder["tiny.gguf"]);
        await using QwenServer server = await QwenServer.StartAsync(
            new ServerOptions { Port = 0, Models = [new(chat, one), new(embedding, one), new(guard, one)] },
            TestContext.Current.CancellationToken);

        string output = await NodeScript.RunAsync("openai-sdk", "vectors.mjs", new Uri(server.Address, "/v1").ToString());

        Assert.Equal(6, output.Split("ok: ").Length - 1);
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
            "options" => Scripts.Say(Describe(call.Options))(call, token),
            "cached" => Scripts.Updates(new ChatResponseUpdate
            {
                FinishReason = ChatFinishReason.Stop,
                Contents =
                [
                    new UsageContent(new UsageDetails
                    {
                        InputTokenCount = 7,
                        CachedInputTokenCount = 5,
                        OutputTokenCount = 3,
                        ReasoningTokenCount = 2,
                    }),
                ],
            })(call, token),
            "think" => Scripts.Updates(
                new ChatResponseUpdate { Contents = [new TextReasoningContent("Let me see.")] },
                new ChatResponseUpdate(ChatRole.Assistant, "It is"),
                new ChatResponseUpdate(ChatRole.Assistant, " so."),
                Scripts.End(ChatFinishReason.Stop, 1, 1))(call, token),
            "json" => Scripts.Say("""{"a":1}""")(call, token),
            "circle" => Scripts.Updates(Scripts.End(new ChatFinishReason("repetition"), 1, 1))(call, token),
            "fail" => throw new InvalidOperationException("The script fails."),
            "fail late" => FailLate(),
            "forever" => Forever(left, token),
            _ => Scripts.Echo(call, token),
        };
    }

    // What arrived, as JSON that the script reads.
    private static string Describe(ChatOptions options)
    {
        ChatResponseFormatJson? format = options.ResponseFormat as ChatResponseFormatJson;
        return new JsonObject
        {
            ["mode"] = options.ToolMode switch
            {
                NoneChatToolMode => "none",
                RequiredChatToolMode required => required.RequiredFunctionName ?? "required",
                _ => "auto",
            },
            ["several"] = options.AllowMultipleToolCalls,
            ["allowed"] = options.AdditionalProperties!.GetValueOrDefault("allowed_tools") is IReadOnlyList<string> allowed
                ? new JsonArray([.. allowed.Select(name => (JsonNode)name)])
                : null,
            ["format"] = format is null ? null : new JsonObject
            {
                ["name"] = format.SchemaName,
                ["description"] = format.SchemaDescription,
                ["schema"] = format.Schema is { } schema ? JsonNode.Parse(schema.GetRawText()) : null,
            },
        }.ToJsonString();
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
