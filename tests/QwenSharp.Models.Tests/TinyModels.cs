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
        ["qwen2vl, sections"] = Config("qwen2vl", heads: 4, kvHeads: 2, headLength: 16) with
        {
            RotarySections = new RotarySections(2, 3, 3),
        },
        ["qwen2moe, a shared expert"] = Config("qwen2moe", heads: 4, kvHeads: 2, headLength: 16) with
        {
            Experts = new MixtureOfExperts(7, 3, 24) { SharedWidth = 40 },
        },
        ["qwen3"] = Config("qwen3", heads: 4, kvHeads: 2, headLength: 16),
        ["qwen3moe"] = Config("qwen3moe", heads: 4, kvHeads: 2, headLength: 16) with
        {
            Experts = new MixtureOfExperts(16, 4, 32) { NormalizesWeights = true },
        },
        ["qwen3moe, every expert hit, scaled"] = Config("qwen3moe", heads: 4, kvHeads: 2, headLength: 16) with
        {
            Experts = new MixtureOfExperts(3, 3, 48) { NormalizesWeights = true, WeightScale = 2.5f },
        },
        ["qwen3vl, interleaved, in part"] = Config("qwen3vl", heads: 4, kvHeads: 2, headLength: 32) with
        {
            RotaryLength = 24,
            RotarySections = new RotarySections(4, 4, 4, IsInterleaved: true),
        },
        ["qwen3vlmoe"] = Config("qwen3vlmoe", heads: 4, kvHeads: 2, headLength: 16) with
        {
            Experts = new MixtureOfExperts(8, 2, 32) { NormalizesWeights = true },
            RotarySections = new RotarySections(3, 3, 2, IsInterleaved: true),
        },
        ["qwen3, heads wider than the model, tied"] = Config("qwen3", heads: 4, kvHeads: 4, headLength: 32) with { HasTiedHead = true },
        ["qwen3, groups of three"] = Config("qwen3", heads: 6, kvHeads: 2, headLength: 8) with { Layers = 3 },
        ["qwen3, in part, dynamic scaling"] = Config("qwen3", heads: 2, kvHeads: 1, headLength: 32) with
        {
            RotaryLength = 8,
            ContextLength = 768,
            RopeScaling = new DynamicRopeScaling(3),
        },
        ["qwen3, linear scaling"] = Config("qwen3", heads: 2, kvHeads: 1, headLength: 32) with { RopeScaling = new LinearRopeScaling(4) },
        ["qwen2, YaRN"] = Config("qwen2", heads: 2, kvHeads: 1, headLength: 32) with
        {
            RopeScaling = new YarnRopeScaling(4, 64, AttentionFactor: 1.1f),
        },
        ["qwen3, YaRN with fractional bounds"] = Config("qwen3", heads: 2, kvHeads: 1, headLength: 32) with
        {
            RopeScaling = new YarnRopeScaling(4, 64, AttentionFactor: 1.1f) { Truncates = false },
        },
        ["qwen3next"] = Hybrid("qwen3next", new DeltaNetShape(2, 6, 16, 24, 4)) with
        {
            Experts = new MixtureOfExperts(8, 3, 24) { SharedWidth = 40, NormalizesWeights = true },
        },
        ["qwen35"] = Hybrid("qwen35", new DeltaNetShape(2, 4, 16, 16, 4) { HasAlternatingKeyHeads = true }) with
        {
            RotarySections = new RotarySections(2, 1, 1, IsInterleaved: true),
        },
        ["qwen35, every other layer, tied"] = Hybrid("qwen35", new DeltaNetShape(1, 3, 20, 36, 3) { HasAlternatingKeyHeads = true }) with
        {
            Layers = 4,
            Recurrent = new RecurrentLayers(new DeltaNetShape(1, 3, 20, 36, 3) { HasAlternatingKeyHeads = true }, 2),
            RotarySections = new RotarySections(2, 1, 1, IsInterleaved: true),
            HasTiedHead = true,
        },
        ["qwen35moe, drafting"] = Hybrid("qwen35moe", new DeltaNetShape(2, 4, 16, 16, 4) { HasAlternatingKeyHeads = true }) with
        {
            Experts = new MixtureOfExperts(8, 3, 24) { SharedWidth = 40, NormalizesWeights = true },
            RotarySections = new RotarySections(2, 1, 1, IsInterleaved: true),
            NextTokenLayers = 1,
        },
    };

    /// <summary>Experts that K-quants fit.</summary>
    public static readonly ModelConfig WideExperts = Config("qwen2moe", heads: 4, kvHeads: 2, headLength: 64) with
    {
        Width = 256,
        Experts = new MixtureOfExperts(12, 3, 256) { SharedWidth = 512 },
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
        HasQkNorm = architecture.StartsWith("qwen3", StringComparison.Ordinal),
        HasQkvBias = !architecture.StartsWith("qwen3", StringComparison.Ordinal),
        HasFusedQkv = architecture == "qwen",
    };

    /// <summary>Three recurrent layers, one with gated attention, and two more recurrent ones.</summary>
    public static ModelConfig Hybrid(string architecture, DeltaNetShape shape) =>
        Config(architecture, heads: 4, kvHeads: 2, headLength: 16) with
        {
            Layers = 6,
            RotaryLength = 8,
            HasGatedAttention = true,
            Recurrent = new RecurrentLayers(shape, 4),
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
