using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tests;

namespace QwenSharp.Engine.Tests;

/// <summary>Engines and evaluators on the threads and in the memory of one machine.</summary>
public class SharedResourcesTests
{
    private static readonly LanguageModel _hybrid = TinyModels.Create("qwen35");

    [Fact]
    public async Task Two_engines_and_an_evaluator_at_once_have_the_bits_of_each_alone()
    {
        GenerationRequest[] requests = [.. Enumerable.Range(0, 6).Select(i => Requests.Sampled(10 + (20 * i), seed: i, maxTokens: 40))];
        int[][] texts = [.. Enumerable.Range(1, 30).Select(i => TinyModels.RandomTokens(3 * i, Requests.Model.Config.VocabularySize, i))];
        int[][] dense, hybrid;
        await using (InferenceEngine alone = new(Requests.Model, new EngineOptions { Threads = 1 }))
            dense = await All(alone);
        await using (InferenceEngine alone = new(_hybrid, new EngineOptions { Threads = 1 }))
            hybrid = await All(alone);
        float[][] hidden = new float[texts.Length][];
        using (LastTokenEvaluator alone = new(Requests.Model, threads: 1))
            alone.Evaluate(texts, LastTokenOutput.Hidden, (i, values) => hidden[i] = values.ToArray());

        using MachineResources machine = new(threads: 3);
        await using InferenceEngine first = new(Requests.Model, new EngineOptions { Resources = machine, MaxBatchTokens = 64 }),
            second = new(_hybrid, new EngineOptions { Resources = machine, Threads = 2, MaxBatchTokens = 64 });
        using LastTokenEvaluator evaluator = new(Requests.Model, maxRows: 64, resources: machine);
        Task<int[][]> firsts = Task.Run(() => All(first)), seconds = Task.Run(() => All(second));
        float[][] beside = new float[texts.Length][];
        evaluator.Evaluate(texts, LastTokenOutput.Hidden, (i, values) => beside[i] = values.ToArray());

        Assert.Equal(hidden, beside);
        Assert.Equal(dense, await firsts);
        Assert.Equal(hybrid, await seconds);

        Task<int[][]> All(InferenceEngine engine) => Task.WhenAll(requests.Select(request => Requests.Collect(engine, request)));
    }

    [Fact]
    public async Task A_later_engine_gets_what_is_left_or_is_told_that_it_is_not_enough()
    {
        long weights = Requests.Model.WeightBytes, block = Requests.BlockBytes;
        using MachineResources machine = new(threads: 1, memoryBytes: weights + (12 * block));
        EngineOptions options = new() { Resources = machine };
        InferenceEngine first = new(Requests.Model, options);
        await using InferenceEngine second = new(Requests.Model, options);
        Assert.Equal((6, 3), (first.Statistics.KvBlocks, second.Statistics.KvBlocks));
        Assert.Equal(6 * KvStore.BlockTokens, first.ContextLength);
        Assert.Equal(9 * block, machine.Memory.Reserved);
        Assert.Contains(
            nameof(EngineOptions.ContextLength),
            Assert.ThrowsAny<ArgumentException>(() => new InferenceEngine(Requests.Model, options with { ContextLength = 64 })).Message,
            StringComparison.Ordinal);
        MemoryBudgetException refused = Assert.Throws<MemoryBudgetException>(() =>
            new InferenceEngine(Requests.Model, options with { KvBytes = weights + (4 * block) }));
        Assert.Equal(weights + (3 * block), refused.Free);

        await first.DisposeAsync();
        Assert.Equal(3 * block, machine.Memory.Reserved);
        await using InferenceEngine third = new(Requests.Model, options);
        Assert.Equal(4, third.Statistics.KvBlocks);
        Assert.Throws<ArgumentOutOfRangeException>(() => new InferenceEngine(Requests.Model, options with { Threads = 2 }));
        Assert.Equal(7 * block, machine.Memory.Reserved);
    }
}
