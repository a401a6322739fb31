using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Tests;

/// <summary>Models that are small enough for a test and differ in what matters: groups, head lengths, biases, tied heads.</summary>
internal static class TinyModels
{
    public static readonly WeightMix F32 = WeightMix.Find("f32");

    public static readonly IReadOnlyDictionary<string, ModelConfig> Configs = new Dictionary<string, ModelConfig>
    {
        ["qwen"] = Config("qwen", heads: 4, kvHeads: 4, headLength: 16),
        ["qwen2"] = Config("qwen2", heads: 4, kvHeads: 2, headLength: 16),
        ["qwen2, one KV head, tied"] = Config("qwen2", heads: 4, kvHeads: 1, headLength: 16) with { HasTiedHead = true },
        ["qwen2, as many KV heads, no bias"] = Config("qwen2", heads: 2, kvHeads: 2, headLength: 32) with { HasQkvBias = false },
        ["qwen3"] = Config("qwen3", heads: 4, kvHeads: 2, headLength: 16),
        ["qwen3, heads wider than the model, tied"] = Config("qwen3", heads: 4, kvHeads: 4, headLength: 32) with { HasTiedHead = true },
        ["qwen3, groups of three"] = Config("qwen3", heads: 6, kvHeads: 2, headLength: 8) with { Layers = 3 },
        ["qwen3, linear scaling"] = Config("qwen3", heads: 2, kvHeads: 1, headLength: 32) with { RopeScaling = new LinearRopeScaling(4) },
        ["qwen2, YaRN"] = Config("qwen2", heads: 2, kvHeads: 1, headLength: 32) with
        {
            RopeScaling = new YarnRopeScaling(4, 64, AttentionFactor: 1.1f),
        },
    };

    public static TheoryData<string> Names() => [.. Configs.Keys];

    public static ModelConfig Config(string architecture, int heads, int kvHeads, int headLength) => new()
    {
        Architecture = architecture,
        VocabularySize = 97,
        Width = 64,
        Layers = 2,
        Heads = heads,
        KvHeads = kvHeads,
        HeadLength = headLength,
        FeedForwardWidth = 96,
        ContextLength = 256,
        HasQkNorm = architecture == "qwen3",
        HasQkvBias = architecture is "qwen" or "qwen2",
        HasFusedQkv = architecture == "qwen",
    };

    public static LanguageModel Create(string name, int seed = 1) => RandomWeights.CreateModel(Configs[name], F32, seed);

    public static int[] RandomTokens(int count, int vocabularySize, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(vocabularySize))];
    }

    /// <summary>‖a − b‖ / ‖b‖.</summary>
    public static double RelativeError(ReadOnlySpan<float> actual, ReadOnlySpan<double> expected)
    {
        Assert.Equal(expected.Length, actual.Length);
        double difference = 0, norm = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            difference += (actual[i] - expected[i]) * (actual[i] - expected[i]);
            norm += expected[i] * expected[i];
        }

        return Math.Sqrt(difference / norm);
    }
}
