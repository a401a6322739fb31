using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tests;

namespace QwenSharp.Engine.Tests;

/// <summary>Sequences of a model with recurrent layers: each has a state of its own, whatever happens to the others.</summary>
public class HybridTests
{
    private static readonly LanguageModel _model = TinyModels.Create("qwen35");

    [Theory]
    [InlineData(512, 128)]
    [InlineData(32, 5)]
    public async Task Tokens_do_not_depend_on_the_batch_or_its_chunks(int batchTokens, int prefillWhileDecoding)
    {
        GenerationRequest[] requests =
        [
            .. Enumerable.Range(0, 6).Select(i => Requests.Greedy(promptLength: 3 + 23 * i, seed: i, maxTokens: 30)),
            .. Enumerable.Range(6, 6).Select(i => Requests.Sampled(promptLength: 90 - 7 * i, seed: i, maxTokens: 30)),
        ];
        int[][] expected = await Alone(requests);

        // More requests than slots, so that slots change hands.
        await using InferenceEngine engine = new(_model, new EngineOptions
        {
            Threads = 2,
            MaxSequences = 5,
            MaxBatchTokens = batchTokens,
            MaxPrefillTokensWhileDecoding = prefillWhileDecoding,
        });
        Assert.Equal(expected, await Task.WhenAll(requests.Select(request => Requests.Collect(engine, request))));
        await Requests.AllFree(engine);
    }

    [Fact]
    public async Task Tokens_do_not_depend_on_preemption()
    {
        // Each needs five blocks in the end but one at first; there are eight.
        GenerationRequest[] requests = [.. Enumerable.Range(0, 4).Select(i => Requests.Sampled(promptLength: 20, seed: i, maxTokens: 140))];
        int[][] expected = await Alone(requests);

        long blockBytes = KvStore.BlockTokens * _model.Config.KvBytesPerToken(TensorType.F16);
        await using InferenceEngine engine = new(_model, new EngineOptions { Threads = 1, KvBytes = 8 * blockBytes });
        Assert.Equal(8, engine.Statistics.KvBlocks);
        Assert.Equal(expected, await Task.WhenAll(requests.Select(request => Requests.Collect(engine, request))));
        Assert.True(engine.Statistics.Preemptions > 0);
        await Requests.AllFree(engine);
    }

    [Fact]
    public async Task A_slot_that_was_left_in_the_middle_serves_the_next_sequence()
    {
        GenerationRequest request = Requests.Greedy(promptLength: 30, seed: 3, maxTokens: 20);
        int[][] expected = await Alone([request]);
        await using InferenceEngine engine = new(_model, new EngineOptions { Threads = 1, MaxSequences = 1, MaxBatchTokens = 16 });
        for (int i = 0; i < 3; i++)
        {
            await foreach (GeneratedToken _ in engine.GenerateAsync(Requests.Greedy(promptLength: 40, seed: i, maxTokens: 50)))
                break;

            Assert.Equal(expected[0], await Requests.Collect(engine, request));
        }
    }

    [Fact]
    public void The_evaluator_gives_the_same_bits_in_any_chunks_and_after_a_rewind()
    {
        int[] tokens = Requests.Greedy(100, 3, 1).Prompt.ToArray();
        using SequenceEvaluator whole = new(_model, 128), chunked = new(_model, 128, chunk: 7);
        float[][] expected = new float[tokens.Length][], actual = new float[tokens.Length][];
        whole.Append(tokens, (position, logits) => expected[position] = [.. logits]);
        chunked.Append(tokens, (position, logits) => actual[position] = [.. logits]);
        Assert.Equal(expected, actual);

        foreach (int position in (int[])[99, 40, 1, 0, 100])
        {
            chunked.Rewind(position);
            Assert.Equal(position, chunked.Position);
            if (position < 100)
                Assert.Equal(expected[^1], chunked.Append(tokens.AsSpan(position)).ToArray());
        }
    }

    [Theory]
    [InlineData("qwen35")]
    [InlineData("qwen3")]
    public void The_evaluator_comes_back_to_a_snapshot(string name)
    {
        LanguageModel model = TinyModels.Create(name);
        int[] tokens = Requests.Greedy(60, 3, 1).Prompt.ToArray();
        using SequenceEvaluator evaluator = new(model, 128, chunk: 16);
        evaluator.Append(tokens.AsSpan(0, 40));
        SequenceSnapshot snapshot = evaluator.Snapshot();
        Assert.Equal(40, snapshot.Position);
        Assert.Equal(model.Config.StateBytesPerSequence, snapshot.Bytes);
        float[] expected = evaluator.Append(tokens.AsSpan(40)).ToArray();

        evaluator.Restore(snapshot);
        Assert.Equal(40, evaluator.Position);
        Assert.NotEqual(expected, evaluator.Append([1, 2, 3]).ToArray());
        evaluator.Restore(snapshot);
        Assert.Equal(expected, evaluator.Append(tokens.AsSpan(40)).ToArray());
    }

    [Fact]
    public void A_snapshot_of_other_tokens_is_refused()
    {
        using SequenceEvaluator evaluator = new(_model, 128), other = new(Requests.Model, 128);
        Assert.Throws<InvalidOperationException>(() => evaluator.Snapshot());
        evaluator.Append([1, 2, 3]);
        SequenceSnapshot snapshot = evaluator.Snapshot();
        evaluator.Rewind(2);
        Assert.Throws<ArgumentException>(() => evaluator.Restore(snapshot));
        evaluator.Append([4, 5]);
        Assert.Throws<ArgumentException>(() => evaluator.Restore(snapshot));
        other.Append([1, 2, 3]);
        Assert.Throws<ArgumentException>(() => other.Restore(snapshot));
        Assert.Throws<ArgumentException>(() => evaluator.Restore(other.Snapshot()));
    }

    private static async Task<int[][]> Alone(IEnumerable<GenerationRequest> requests)
    {
        List<int[]> answers = [];
        foreach (GenerationRequest request in requests)
        {
            await using InferenceEngine engine = new(_model, new EngineOptions { Threads = 1 });
            answers.Add(await Requests.Collect(engine, request));
        }

        return [.. answers];
    }
}
