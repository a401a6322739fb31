using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tests;

namespace QwenSharp.Engine.Tests;

/// <summary>Requests of the tests, and what each must answer when nothing else is going on.</summary>
internal static class Requests
{
    public static readonly LanguageModel Model = TinyModels.Create("qwen3");

    /// <summary>
    /// The same weights with so long a context that a sequence can be caught in the middle, however slowly the test runs.
    /// </summary>
    public static readonly LanguageModel LongModel = RandomWeights.CreateModel(
        TinyModels.Configs["qwen3"] with
        {
            ContextLength = 1 << 16,
        },
        TinyModels.F32,
        seed: 1);

    /// <summary>A tiny model whose heads every type of KV cache holds.</summary>
    public static LanguageModel Wide(string name) =>
        RandomWeights.CreateModel(TinyModels.Configs[name] with { HeadLength = 32 }, TinyModels.F32, seed: 1);

    public static long BlockBytes => KvStore.BlockTokens * Model.Config.KvBytesPerToken(TensorType.F16);

    public static GenerationRequest Greedy(int promptLength, int seed, int maxTokens) => new()
    {
        Prompt = TinyModels.RandomTokens(promptLength, Model.Config.VocabularySize, seed),
        Sampling = new SamplingOptions { Temperature = 0 },
        MaxTokens = maxTokens,
    };

    public static GenerationRequest Sampled(int promptLength, int seed, int maxTokens) =>
        Greedy(promptLength, seed, maxTokens) with
        {
            Sampling = new SamplingOptions
            {
                Temperature = 1.2f,
                TopK = 30,
                TopP = 0.95f,
                RepetitionPenalty = 1.1f,
                FrequencyPenalty = 0.2f,
                Seed = (ulong)seed,
            },
        };

    public static async Task<int[]> Collect(InferenceEngine engine, GenerationRequest request, CancellationToken cancellation = default)
    {
        List<int> tokens = [];
        await foreach (GeneratedToken token in engine.GenerateAsync(request, cancellation))
            tokens.Add(token.Id);

        return [.. tokens];
    }

    public static Task<int[]> Alone(GenerationRequest request) => Alone(request, Model, TensorType.F16);

    public static async Task<int[]> Alone(GenerationRequest request, LanguageModel model, TensorType kvType)
    {
        await using InferenceEngine engine = new(model, new EngineOptions { Threads = 1, KvType = kvType, PrefixCache = false });
        return await Collect(engine, request);
    }

    /// <summary>Waits for something that the engine does within a step or two; the bound only ends a test that would hang.</summary>
    public static async Task Eventually(Func<bool> condition)
    {
        for (int i = 0; i < 3000 && !condition(); i++)
            await Task.Delay(10);

        Assert.True(condition());
    }

    public static Task AllFree(InferenceEngine engine) => Eventually(() =>
        engine.Statistics is { Running: 0, Waiting: 0 } idle && idle.FreeKvBlocks == idle.KvBlocks);
}
