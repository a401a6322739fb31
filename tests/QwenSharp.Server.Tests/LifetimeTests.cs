using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Server.Tests.Scripted;

namespace QwenSharp.Server.Tests;

public class LifetimeTests
{
    private const string Streamed = """{"model":"scripted","messages":[{"role":"user","content":"Hi"}],"stream":true,"n":2}""";
    private const string Whole = """{"model":"scripted","messages":[{"role":"user","content":"Hi"}]}""";

    [Theory]
    [InlineData(Streamed, 2)]
    [InlineData(Whole, 1)]
    public async Task A_client_that_hangs_up_cancels_its_work(string body, int sequences)
    {
        Endless model = new();
        await using ScriptedServer server = await ScriptedServer.StartAsync(model.Speak);
        using CancellationTokenSource hangUp = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json"),
        };

        Task<HttpResponseMessage> reply = server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, hangUp.Token);
        await model.Started(sequences);
        await hangUp.CancelAsync();
        try
        {
            (await reply).Dispose();
        }
        catch (OperationCanceledException)
        {
            // It hung up before the reply began; otherwise leaving the reply is the hang-up.
        }

        await model.Ended(sequences);
    }

    [Fact]
    public async Task A_request_that_takes_too_long_is_told_so_and_its_work_ends()
    {
        Endless model = new();
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            model.Speak, options => options with { Deadline = TimeSpan.FromMilliseconds(200) });
        (int status, JsonNode body) = await server.ChatAsync();
        Assert.Equal(504, status);
        Assert.Equal("deadline_exceeded", (string)body["error"]!["code"]!);
        Assert.Contains("0.2 s", (string)body["error"]!["message"]!, StringComparison.Ordinal);
        await model.Ended(1);
    }

    [Fact]
    public async Task Who_finds_the_queue_full_is_told_when_to_come_back()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Fail(new Faults.QueueFullException(1, 8, 8)));
        using HttpResponseMessage reply = await server.PostAsync("/v1/chat/completions", Whole);
        Assert.Equal(503, (int)reply.StatusCode);
        Assert.Equal(5, reply.Headers.RetryAfter!.Delta!.Value.TotalSeconds);
    }

    [Fact]
    public async Task What_the_prefix_cache_had_of_a_prompt_is_told_in_a_header_and_in_usage()
    {
        Chat.CachedPrompt cached = new(960, 1024) { DivergedAtToken = 961, DivergedAtCharacter = 3120, Reason = "changed-text" };
        ChatResponseUpdate first = new(ChatRole.Assistant, "Hi")
        {
            AdditionalProperties = new() { [Chat.ChatOptionKeys.CachedPrompt] = cached },
        };
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            Scripts.Updates(first, Scripts.End(ChatFinishReason.Stop, 1024, 1)));
        foreach (string body in (string[])[Whole, Whole[..^1] + ",\"stream\":true}"])
        {
            using HttpResponseMessage reply = await server.PostAsync("/v1/chat/completions", body);
            Assert.Equal(
                "reused=960; prompt=1024; diverged=961; character=3120; reason=changed-text",
                Assert.Single(reply.Headers.GetValues("x-qwensharp-cache")));
        }
    }

    [Fact]
    public async Task A_stop_ends_streams_with_an_error_that_says_so()
    {
        Endless model = new();
        await using ScriptedServer server = await ScriptedServer.StartAsync(model.Speak);
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent(Streamed, System.Text.Encoding.UTF8, "application/json"),
        };
        using HttpResponseMessage reply = await server.Http.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

        Task stop = server.Server.StopAsync();
        string text = await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        await stop;

        string last = text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)[^1];
        Assert.Equal("server_shutting_down", (string)JsonNode.Parse(last["data: ".Length..])!["error"]!["code"]!);
        await model.Ended(2);
    }

    [Fact]
    public async Task A_stop_ends_a_reply_that_is_not_streamed_with_503()
    {
        Endless model = new();
        await using ScriptedServer server = await ScriptedServer.StartAsync(model.Speak);
        Task<(int, JsonNode)> reply = server.AskAsync("/v1/chat/completions", Whole);
        await model.Started(1);

        Task stop = server.Server.StopAsync();

        ScriptedServer.AssertError(await reply, 503, param: null, "server_shutting_down");
        await stop;
    }

    [Fact]
    public async Task A_stop_lets_a_running_answer_end_within_its_time()
    {
        TaskCompletionSource go = new();
        TaskCompletionSource begun = new();
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            Wait,
            options => options with { DrainTime = TimeSpan.FromMinutes(1) });
        Task<(int Status, JsonNode Body)> reply = server.AskAsync("/v1/chat/completions", Whole);
        await begun.Task;

        Task stop = server.Server.StopAsync();
        go.SetResult();

        Assert.Equal("Done", (string)(await reply).Body["choices"]![0]!["message"]!["content"]!);
        await stop;

        async IAsyncEnumerable<ChatResponseUpdate> Wait(ScriptedCall call, [EnumeratorCancellation] CancellationToken token)
        {
            begun.SetResult();
            await go.Task.WaitAsync(token);
            yield return new ChatResponseUpdate(ChatRole.Assistant, "Done");
            yield return Scripts.End(ChatFinishReason.Stop, 1, 1);
        }
    }

    /// <summary>A model that never ends, and tells when its sequences begin and when they are cancelled.</summary>
    private sealed class Endless
    {
        private readonly SemaphoreSlim _started = new(0);
        private readonly SemaphoreSlim _ended = new(0);

        public Task Started(int sequences) => WaitAsync(_started, sequences);

        public Task Ended(int sequences) => WaitAsync(_ended, sequences);

        public async IAsyncEnumerable<ChatResponseUpdate> Speak(ScriptedCall call, [EnumeratorCancellation] CancellationToken token)
        {
            _started.Release();
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
                _ended.Release();
            }
        }

        private static async Task WaitAsync(SemaphoreSlim signal, int times)
        {
            for (int i = 0; i < times; i++)
                Assert.True(await signal.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        }
    }
}
