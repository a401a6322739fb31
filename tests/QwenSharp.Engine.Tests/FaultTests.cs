using System.Runtime.InteropServices;
using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tests;

namespace QwenSharp.Engine.Tests;

/// <summary>Whoever cancels, leaves or fails harms no one else, and gives everything back.</summary>
public class FaultTests
{
    [Fact]
    public async Task Cancelling_a_prefill_frees_its_blocks_and_leaves_others_alone()
    {
        GenerationRequest other = Requests.Sampled(10, 2, 60);
        int[] expected = await Requests.Alone(other);
        await using InferenceEngine engine = new(
            Requests.LongModel,
            new EngineOptions
            {
                Threads = 1,
                MaxSequences = 2,
                MaxBatchTokens = 2,
            });
        using CancellationTokenSource cancel = new();
        Task<int[]> cancelled = Requests.Collect(engine, Requests.Greedy(60_000, 1, 5), cancel.Token);
        Task<int[]> kept = Requests.Collect(engine, other);
        await Requests.Eventually(() => engine.Statistics.PrefillTokens > 3);
        await cancel.CancelAsync();

        OperationCanceledException error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.Equal(cancel.Token, error.CancellationToken);
        Assert.Equal(expected, await kept);
        await Requests.AllFree(engine);
        Assert.Equal(1, engine.Statistics.Cancelled);
        Assert.True(engine.Statistics.PrefillTokens < 60_000);
    }

    [Fact]
    public async Task Cancelling_while_waiting_never_starts()
    {
        await using InferenceEngine engine = new(Requests.LongModel, new EngineOptions { Threads = 1, MaxSequences = 1 });
        using CancellationTokenSource cancel = new(), cancelFirst = new();
        Task<int[]> first = Requests.Collect(engine, Requests.Greedy(10, 1, 60_000), cancelFirst.Token);
        await Requests.Eventually(() => engine.Statistics.Running == 1);
        Task<int[]> second = Requests.Collect(engine, Requests.Greedy(40, 2, 5), cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        await cancelFirst.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await Requests.AllFree(engine);
        Assert.Equal(10, engine.Statistics.PrefillTokens);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Requests.Collect(engine, Requests.Greedy(40, 2, 5), cancel.Token));
    }

    [Fact]
    public async Task A_consumer_that_leaves_ends_its_sequence()
    {
        await using InferenceEngine engine = new(Requests.Model, new EngineOptions { Threads = 1 });
        await foreach (GeneratedToken _ in engine.GenerateAsync(Requests.Greedy(10, 1, 240)))
            break;

        await Requests.AllFree(engine);
        Assert.Equal(1, engine.Statistics.Cancelled + engine.Statistics.Completed);
    }

    [Fact]
    public async Task A_consumer_that_stops_reading_holds_up_nobody()
    {
        await using InferenceEngine engine = new(Requests.Model, new EngineOptions { Threads = 1 });
        GenerationRequest request = Requests.Sampled(10, 3, 100);
        await using IAsyncEnumerator<GeneratedToken> slow = engine.GenerateAsync(request).GetAsyncEnumerator();
        Assert.True(await slow.MoveNextAsync());
        Assert.Equal(await Requests.Alone(request), await Requests.Collect(engine, request));
        await Requests.Eventually(() => engine.Statistics.Completed == 2);

        // All that was generated meanwhile is still there to be read.
        int tokens = 1;
        while (await slow.MoveNextAsync())
            tokens++;
        Assert.Equal(100, tokens);
    }

    [Fact]
    public async Task An_enumeration_that_never_begins_queues_nothing()
    {
        await using InferenceEngine engine = new(Requests.Model, new EngineOptions { Threads = 1 });
        _ = engine.GenerateAsync(Requests.Greedy(10, 1, 240));
        await Requests.Collect(engine, Requests.Greedy(1, 1, 1));
        Assert.Equal(1, engine.Statistics.GeneratedTokens);
    }

    [Fact]
    public async Task Disposing_ends_everyone_with_a_clear_error()
    {
        InferenceEngine engine = new(Requests.LongModel, new EngineOptions { Threads = 2, MaxSequences = 2, MaxBatchTokens = 8 });
        Task<int[]>[] tasks = [.. Enumerable.Range(0, 6).Select(i => Requests.Collect(engine, Requests.Greedy(100, i, 60_000)))];
        await Requests.Eventually(() => engine.Statistics.Running == 2);
        await engine.DisposeAsync();
        await engine.DisposeAsync();

        foreach (Task<int[]> task in tasks)
            await Assert.ThrowsAsync<ObjectDisposedException>(() => task);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => Requests.Collect(engine, Requests.Greedy(10, 1, 5)));
        Assert.Equal(engine.Statistics.KvBlocks, engine.Statistics.FreeKvBlocks);
        Assert.Equal(6, engine.Statistics.Failed);
    }

    [Fact]
    public async Task Logits_that_are_not_numbers_fail_their_own_sequence_only()
    {
        // Token 13 has an embedding of NaN.
        ModelConfig config = TinyModels.Configs["qwen3"];
        Tensor[] tensors = [.. RandomWeights.Create(config, TinyModels.F32, seed: 1)];
        Tensor embedding = tensors.Single(tensor => tensor.Name == "token_embd.weight");
        byte[] data = embedding.Data.ToArray();
        MemoryMarshal.Cast<byte, float>(data.AsSpan()).Slice(13 * config.Width, config.Width).Fill(float.NaN);
        tensors[Array.IndexOf(tensors, embedding)] = Tensor.Copy(embedding.Name, TensorType.F32, embedding.Shape, data);
        LanguageModel poisoned = new(config, tensors);

        GenerationRequest good = new()
        {
            Prompt = new[] { 1, 2, 3 },
            MaxTokens = 20,
            Sampling = new()
            {
                Temperature = 0,
                LogitBias = new Dictionary<int, float> { [13] = -1000 },
            },
        };
        await using InferenceEngine engine = new(poisoned, new EngineOptions { Threads = 1 });
        Task<int[]> bad = Requests.Collect(engine, good with { Prompt = new[] { 1, 13, 3 } });
        int[] tokens = await Requests.Collect(engine, good);
        await Assert.ThrowsAsync<InvalidOperationException>(() => bad);

        // Blocks that held NaN serve the next sequence as if nothing had been.
        Assert.Equal(tokens, await Requests.Collect(engine, good));
        Assert.Equal(await Requests.Alone(good), tokens);
        Assert.Equal(1, engine.Statistics.Failed);
        await Requests.AllFree(engine);
    }

    [Fact]
    public async Task A_request_that_its_sender_changes_afterwards_is_the_one_that_was_sent()
    {
        await using InferenceEngine engine = new(Requests.Model, new EngineOptions { Threads = 1 });
        int[] prompt = [1, 2, 3];
        Dictionary<int, float> bias = new() { [5] = 1 };
        GenerationRequest request = new() { Prompt = prompt, MaxTokens = 5, Sampling = new() { Temperature = 0, LogitBias = bias } };
        int[] expected = await Requests.Collect(engine, request);
        IAsyncEnumerable<GeneratedToken> answer = engine.GenerateAsync(request);
        prompt[1] = 1_000_000;
        List<int> tokens = [];
        await foreach (GeneratedToken token in answer)
            tokens.Add(token.Id);
        Assert.Equal(expected, tokens);

        // A bias that becomes nonsense on the way harms its own sequence only.
        answer = engine.GenerateAsync(request with { Prompt = new[] { 1, 2, 3 } });
        bias[1_000_000] = 1;
        await Assert.ThrowsAsync<IndexOutOfRangeException>(async () =>
        {
            await foreach (GeneratedToken _ in answer)
            {
            }
        });
        bias.Remove(1_000_000);
        Assert.Equal(expected, await Requests.Collect(engine, request with { Prompt = new[] { 1, 2, 3 } }));
    }

    [Fact]
    public async Task Random_clients_leave_nothing_behind()
    {
        await using InferenceEngine engine = new(
            Requests.Model,
            new EngineOptions
            {
                KvBytes = 9 * Requests.BlockBytes,
                MaxSequences = 5,
                MaxBatchTokens = 24,
            });
        await Task.WhenAll(
            Enumerable
                .Range(0, 60)
                .Select(async i =>
                {
                    Random random = new(i);
                    using CancellationTokenSource cancel = new();
                    GenerationRequest request = Requests.Sampled(random.Next(1, 120), i, random.Next(1, 90));
                    int leaveAfter = random.Next(100),
                        cancelAfter = random.Next(100),
                        read = 0;
                    try
                    {
                        await foreach (GeneratedToken token in engine.GenerateAsync(request, cancel.Token))
                        {
                            if (++read == leaveAfter)
                                break;
                            if (read == cancelAfter)
                                await cancel.CancelAsync();
                        }
                    }
                    catch (OperationCanceledException)
                    {
                        Assert.True(cancel.IsCancellationRequested);
                    }
                }));
        await Requests.AllFree(engine);
        EngineStatistics end = engine.Statistics;
        Assert.Equal(60, end.Completed + end.Cancelled);
        Assert.Equal(0, end.Failed);
    }
}
