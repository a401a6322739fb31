using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Engine.Tests;

/// <summary>A sequence's tokens are its own: no batch, chunk or preemption changes them.</summary>
public class InvarianceTests
{
    [Fact]
    public async Task Greedy_tokens_are_the_highest_logits_one_after_another()
    {
        GenerationRequest request = Requests.Greedy(promptLength: 45, seed: 1, maxTokens: 40);
        using SequenceEvaluator evaluator = new(Requests.Model, 128, threads: 1, kvType: TensorType.F16);
        List<int> expected = [];
        float[] logits = evaluator.Append(request.Prompt.Span).ToArray();
        while (expected.Count < 40)
        {
            expected.Add(Array.IndexOf(logits, logits.Max()));
            logits = evaluator.Append([expected[^1]]).ToArray();
        }

        Assert.Equal(expected, await Requests.Alone(request));
    }

    [Theory]
    [InlineData(512, 128, TensorType.F16)]
    [InlineData(64, 64, TensorType.F16)]
    [InlineData(32, 1, TensorType.F16)]
    [InlineData(33, 7, TensorType.F16)]
    [InlineData(33, 7, TensorType.F32)]
    [InlineData(512, 128, TensorType.BF16)]
    [InlineData(33, 7, TensorType.BF16)]
    [InlineData(512, 128, TensorType.Q8_0)]
    [InlineData(32, 1, TensorType.Q8_0)]
    [InlineData(33, 7, TensorType.Q8_0)]
    public async Task Tokens_do_not_depend_on_the_batch_or_its_chunks(int batchTokens, int prefillWhileDecoding, TensorType kvType)
    {
        LanguageModel model = Requests.Wide("qwen3");
        GenerationRequest[] requests =
        [
            .. Enumerable.Range(0, 6).Select(i => Requests.Greedy(promptLength: 3 + 23 * i, seed: i, maxTokens: 30)),
            .. Enumerable.Range(6, 6).Select(i => Requests.Sampled(promptLength: 90 - 7 * i, seed: i, maxTokens: 30)),
        ];
        int[][] expected = await Task.WhenAll(requests.Select(request => Requests.Alone(request, model, kvType)));

        await using InferenceEngine engine = new(model, new EngineOptions
        {
            Threads = 2,
            MaxBatchTokens = batchTokens,
            MaxPrefillTokensWhileDecoding = prefillWhileDecoding,
            KvType = kvType,
        });
        Assert.Equal(expected, await Task.WhenAll(requests.Select(request => Requests.Collect(engine, request))));
        Assert.Equal(0, engine.Statistics.Preemptions);
        Assert.Equal(12, engine.Statistics.Completed);
        await Requests.AllFree(engine);
    }

    [Theory]
    [InlineData(TensorType.F16)]
    [InlineData(TensorType.BF16)]
    [InlineData(TensorType.Q8_0)]
    public async Task Tokens_do_not_depend_on_preemption(TensorType kvType)
    {
        // Each needs five blocks in the end but one at first; there are eight.
        LanguageModel model = Requests.Wide("qwen3");
        GenerationRequest[] requests = [.. Enumerable.Range(0, 4).Select(i => Requests.Sampled(promptLength: 20, seed: i, maxTokens: 140))];
        int[][] expected = await Task.WhenAll(requests.Select(request => Requests.Alone(request, model, kvType)));

        long blockBytes = KvStore.BlockTokens * model.Config.KvBytesPerToken(kvType);
        await using InferenceEngine engine = new(model, new EngineOptions { Threads = 1, KvBytes = 8 * blockBytes, KvType = kvType });
        Assert.Equal(8, engine.Statistics.KvBlocks);
        Assert.Equal(expected, await Task.WhenAll(requests.Select(request => Requests.Collect(engine, request))));
        Assert.True(engine.Statistics.Preemptions > 0);
        await Requests.AllFree(engine);
    }

    [Fact]
    public async Task Fifty_clients_of_a_small_cache_all_get_their_own_answers()
    {
        GenerationRequest[] requests =
        [
            .. Enumerable.Range(0, 50).Select(i => Requests.Sampled(promptLength: 1 + i * 7 % 60, seed: i, maxTokens: 5 + i % 50)),
        ];
        await using InferenceEngine roomy = new(Requests.Model, new EngineOptions { MaxSequences = 1, MaxBatchTokens = 64 });
        List<int[]> expected = [];
        foreach (GenerationRequest request in requests)
            expected.Add(await Requests.Collect(roomy, request));

        await using InferenceEngine small = new(
            Requests.Model,
            new EngineOptions
            {
                KvBytes = 6 * Requests.BlockBytes,
                MaxSequences = 8,
                MaxBatchTokens = 40,
            });
        Assert.Equal(expected, await Task.WhenAll(requests.Select(request => Task.Run(() => Requests.Collect(small, request)))));
        Assert.Equal(50, small.Statistics.Completed);
        await Requests.AllFree(small);
    }

    [Theory]
    [InlineData(TensorType.F32)]
    [InlineData(TensorType.F16)]
    [InlineData(TensorType.BF16)]
    [InlineData(TensorType.Q8_0)]
    public void The_evaluator_gives_the_same_bits_in_any_chunks_and_after_a_rewind(TensorType kvType)
    {
        LanguageModel model = Requests.Wide("qwen3");
        int[] tokens = Requests.Greedy(100, 3, 1).Prompt.ToArray();
        using SequenceEvaluator whole = new(model, 128, kvType: kvType), chunked = new(model, 128, kvType: kvType, chunk: 7);
        float[][] expected = new float[tokens.Length][], actual = new float[tokens.Length][];
        whole.Append(tokens, (position, logits) => expected[position] = [.. logits]);
        chunked.Append(tokens, (position, logits) => actual[position] = [.. logits]);
        Assert.Equal(expected, actual);

        chunked.Rewind(40);
        Assert.Equal(expected[^1], chunked.Append(tokens.AsSpan(40)).ToArray());
        Assert.Equal(100, chunked.Position);
    }

    [Fact]
    public void The_evaluator_refuses_what_it_cannot_compute()
    {
        using SequenceEvaluator evaluator = new(Requests.Model, 10);
        Assert.Throws<ArgumentException>(() => evaluator.Append([]));
        Assert.Throws<ArgumentException>(() => evaluator.Append([-1]));
        Assert.Throws<ArgumentException>(() => evaluator.Append([97]));
        Assert.Throws<ArgumentException>(() => evaluator.Append(new int[11]));
        Assert.Throws<ArgumentOutOfRangeException>(() => evaluator.Rewind(1));
        Assert.Equal(0, evaluator.Position);
    }
}
