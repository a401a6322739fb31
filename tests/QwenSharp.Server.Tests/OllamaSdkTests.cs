using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Server.Tests.Scripted;
using QwenSharp.Tests;
using QwenSharp.Tests.Hub;

namespace QwenSharp.Server.Tests;

/// <summary>Ollama's own JavaScript client speaks to the server: what it sends and expects is the protocol in practice.</summary>
public class OllamaSdkTests
{
    [Fact]
    public async Task The_official_client_is_content_with_a_scripted_model()
    {
        await NodeScript.PrepareAsync("ollama-sdk", "ollama");
        TaskCompletionSource left = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            (call, token) => Answer(call, left, token), options => options with { ApiKey = "open sesame" });

        string output = await NodeScript.RunAsync("ollama-sdk", "scripted.mjs", Host(server.Server));

        Assert.Equal(14, output.Split("ok: ").Length - 1);
        await left.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        ScriptedCall[] structured = [.. server.Chat.Calls.Where(call => call.Messages[^1].Text == "structured")];
        Assert.Equal(2, structured.Length);
        ChatOptions options = structured[0].Options;
        Assert.Equal((0.5f, 40, 0.9f), (options.Temperature, options.TopK, options.TopP));
        Assert.Equal((0.5f, 0.25f, 7L, 99), (options.PresencePenalty, options.FrequencyPenalty, options.Seed, options.MaxOutputTokens));
        Assert.Equal(["END"], options.StopSequences!);
        Assert.Equal(1.1f, options.AdditionalProperties![ChatOptionKeys.RepetitionPenalty]);
        Assert.Equal(0.05f, options.AdditionalProperties[ChatOptionKeys.MinP]);
        Assert.Equal("object", ((ChatResponseFormatJson)options.ResponseFormat!).Schema!.Value.GetProperty("type").GetString());
        Assert.Null(((ChatResponseFormatJson)structured[1].Options.ResponseFormat!).Schema);
        ScriptedCall[] thinking = [.. server.Chat.Calls.Where(call => call.Messages[^1].Text == "think")];
        Assert.Equal([true, null, false], thinking.Select(call => call.Options.AdditionalProperties!.GetValueOrDefault("enable_thinking")));
        Assert.Equal(ReasoningEffort.High, thinking[1].Options.Reasoning!.Effort);
        Assert.Contains(server.Chat.Calls, call => call.Messages is [{ Text: "Be brief." }, { Text: "once upon a time" }]);
    }

    [Fact]
    public async Task The_official_client_loads_pulls_creates_and_deletes_models()
    {
        await NodeScript.PrepareAsync("ollama-sdk", "ollama");
        using TemporaryFolder folder = new();
        using LocalHub hub = new();
        Directory.CreateDirectory(folder["models"]);
        string tiny = ScriptedCheckpoint.Write(folder["models/tiny.gguf"]);
        ScriptedCheckpoint.Write(folder["models/tiny-embed.gguf"]);
        hub.Files["tiny-q8_0.gguf"] = File.ReadAllBytes(ScriptedCheckpoint.Write(folder["source.gguf"], ["pulled"]));
        ServerOptions options = new()
        {
            Port = 0,
            Models = [],
            Library = new ModelLibraryOptions
            {
                Folder = folder["models"],
                Hub = hub.Options(folder) with { RangeSize = 1 << 20, MarkSize = 1 << 20 },
                StateFolder = folder["state"],
                Options = new QwenModelOptions { Threads = 1 },
            },
        };
        await using QwenServer server = await QwenServer.StartAsync(options, TestContext.Current.CancellationToken);

        string output = await NodeScript.RunAsync("ollama-sdk", "library.mjs", Host(server), LocalHub.Repo, tiny);

        Assert.Equal(11, output.Split("ok: ").Length - 1);
    }

    private static string Host(QwenServer server) => server.Address.ToString().TrimEnd('/');

    private static IAsyncEnumerable<ChatResponseUpdate> Answer(ScriptedCall call, TaskCompletionSource left, CancellationToken token)
    {
        ChatMessage last = call.Messages[^1];
        if (last.Contents is [FunctionResultContent { Result: string result }])
            return Scripts.Say(result)(call, token);

        return last.Text switch
        {
            "think" => Scripts.Updates(
                new ChatResponseUpdate { Contents = [new TextReasoningContent("Hm. ")] },
                new ChatResponseUpdate { Contents = [new TextReasoningContent("Well.")] },
                new ChatResponseUpdate(ChatRole.Assistant, "So."),
                Scripts.End(ChatFinishReason.Stop, 1, 3))(call, token),
            "call" => Scripts.Updates(
                new ChatResponseUpdate
                {
                    Contents = [new FunctionCallContent("call_1", "weather", new Dictionary<string, object?> { ["city"] = "Łódź" })],
                },
                Scripts.End(ChatFinishReason.ToolCalls, 1, 1))(call, token),
            "long" => Scripts.Updates(
                new ChatResponseUpdate(ChatRole.Assistant, "and so"), Scripts.End(ChatFinishReason.Length, 1, 2))(call, token),
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
