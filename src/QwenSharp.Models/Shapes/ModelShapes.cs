using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// The published shapes of Qwen models, for measurements without a download.
/// Source: each model's <c>config.json</c> on Hugging Face (Qwen2.5: the Instruct checkpoints; Qwen3: the hybrid ones).
/// </summary>
public static class ModelShapes
{
    /// <summary>Shapes by name, such as "qwen3-4b".</summary>
    public static IReadOnlyDictionary<string, ModelConfig> All { get; } =
        new OrderedDictionary<string, ModelConfig>(StringComparer.OrdinalIgnoreCase)
        {
            //                           vocabulary  width  layers heads KV  feed-forward
            ["qwen2.5-0.5b"] = Qwen25(151_936, 896, 24, 14, 2, 4_864, tied: true),
            ["qwen2.5-1.5b"] = Qwen25(151_936, 1_536, 28, 12, 2, 8_960, tied: true),
            ["qwen2.5-3b"] = Qwen25(151_936, 2_048, 36, 16, 2, 11_008, tied: true),
            ["qwen2.5-7b"] = Qwen25(152_064, 3_584, 28, 28, 4, 18_944),
            ["qwen2.5-14b"] = Qwen25(152_064, 5_120, 48, 40, 8, 13_824),
            ["qwen2.5-32b"] = Qwen25(152_064, 5_120, 64, 40, 8, 27_648),
            ["qwen2.5-72b"] = Qwen25(152_064, 8_192, 80, 64, 8, 29_568),
            ["qwen3-0.6b"] = Qwen3(1_024, 28, 16, 8, 3_072, tied: true),
            ["qwen3-1.7b"] = Qwen3(2_048, 28, 16, 8, 6_144, tied: true),
            ["qwen3-4b"] = Qwen3(2_560, 36, 32, 8, 9_728, tied: true),
            ["qwen3-8b"] = Qwen3(4_096, 36, 32, 8, 12_288),
            ["qwen3-14b"] = Qwen3(5_120, 40, 40, 8, 17_408),
            ["qwen3-32b"] = Qwen3(5_120, 64, 64, 8, 25_600),

            //                                       width layers heads KV  experts
            ["qwen1.5-moe-a2.7b"] = Qwen2Moe(2_048, 24, 16, 16, new MixtureOfExperts(60, 4, 1_408) { SharedWidth = 5_632 }, context: 8_192),
            ["qwen2-57b-a14b"] = Qwen2Moe(3_584, 28, 28, 4, new MixtureOfExperts(64, 8, 2_560) { SharedWidth = 20_480 }, context: 32_768),
            ["qwen3-30b-a3b"] = Qwen3Moe(2_048, 48, 32, 4, new MixtureOfExperts(128, 8, 768)),
            ["qwen3-235b-a22b"] = Qwen3Moe(4_096, 94, 64, 4, new MixtureOfExperts(128, 8, 1_536)),
            ["qwen3-coder-480b-a35b"] = Qwen3Moe(6_144, 62, 96, 8, new MixtureOfExperts(160, 8, 2_560)) with
            {
                ContextLength = 262_144,
                RopeTheta = 10_000_000,
            },

            //                            width  layers heads KV  value heads, feed-forward or experts
            ["qwen3-next-80b-a3b"] = Qwen3Next(
                2_048,
                48,
                16,
                2,
                32,
                new MixtureOfExperts(512, 10, 512) { SharedWidth = 512, NormalizesWeights = true }),
            ["qwen3.5-0.8b"] = Qwen35(1_024, 24, 8, 2, 16, 3_584, tied: true),
            ["qwen3.5-4b"] = Qwen35(2_560, 32, 16, 4, 32, 9_216, tied: true),
            ["qwen3.5-9b"] = Qwen35(4_096, 32, 16, 4, 32, 12_288),
            ["qwen3.5-27b"] = Qwen35(5_120, 64, 24, 4, 48, 17_408),
            ["qwen3.5-35b-a3b"] = Qwen35(
                2_048,
                40,
                16,
                2,
                32,
                new MixtureOfExperts(256, 8, 512) { SharedWidth = 512, NormalizesWeights = true }),
            ["qwen3.5-397b-a17b"] = Qwen35(
                4_096,
                60,
                32,
                2,
                64,
                new MixtureOfExperts(512, 10, 1_024) { SharedWidth = 1_024, NormalizesWeights = true }),
        };

    /// <summary>A shape by its name.</summary>
    /// <exception cref="ArgumentException">There is none of that name; the message lists them.</exception>
    public static ModelConfig Find(string name) => All.TryGetValue(name, out ModelConfig? config)
        ? config
        : throw new ArgumentException($"There is no shape '{name}'; there are {string.Join(", ", All.Keys)}.", nameof(name));

    private static ModelConfig Qwen25(int vocabulary, int width, int layers, int heads, int kvHeads, int feedForward, bool tied = false) =>
        new()
        {
            Architecture = "qwen2",
            VocabularySize = vocabulary,
            Width = width,
            Layers = layers,
            Heads = heads,
            KvHeads = kvHeads,
            HeadLength = width / heads,
            FeedForwardWidth = feedForward,
            ContextLength = 32_768,
            RopeTheta = 1_000_000,
            HasTiedHead = tied,
            HasQkvBias = true,
        };

    private static ModelConfig Qwen3(int width, int layers, int heads, int kvHeads, int feedForward, bool tied = false) => new()
    {
        Architecture = "qwen3",
        VocabularySize = 151_936,
        Width = width,
        Layers = layers,
        Heads = heads,
        KvHeads = kvHeads,
        HeadLength = 128,
        FeedForwardWidth = feedForward,
        ContextLength = 40_960,
        RopeTheta = 1_000_000,
        HasTiedHead = tied,
        HasQkNorm = true,
    };

    private static ModelConfig Qwen2Moe(int width, int layers, int heads, int kvHeads, MixtureOfExperts experts, int context) =>
        Qwen25(151_936, width, layers, heads, kvHeads, 0) with { Architecture = "qwen2moe", Experts = experts, ContextLength = context };

    private static ModelConfig Qwen3Moe(int width, int layers, int heads, int kvHeads, MixtureOfExperts experts) =>
        Qwen3(width, layers, heads, kvHeads, 0) with { Architecture = "qwen3moe", Experts = experts with { NormalizesWeights = true } };

    private static ModelConfig Qwen35(int width, int layers, int heads, int kvHeads, int valueHeads, int feedForward, bool tied = false) =>
        Hybrid("qwen35", width, layers, heads, kvHeads, valueHeads) with { FeedForwardWidth = feedForward, HasTiedHead = tied };

    private static ModelConfig Qwen35(int width, int layers, int heads, int kvHeads, int valueHeads, MixtureOfExperts experts) =>
        Hybrid("qwen35moe", width, layers, heads, kvHeads, valueHeads) with { Experts = experts };

    private static ModelConfig Qwen3Next(int width, int layers, int heads, int kvHeads, int valueHeads, MixtureOfExperts experts) =>
        Hybrid("qwen3next", width, layers, heads, kvHeads, valueHeads) with
        {
            VocabularySize = 151_936,
            Experts = experts,
            RotarySections = null,
            Recurrent = new RecurrentLayers(
                new DeltaNetShape(KeyHeads: 16, valueHeads, KeyLength: 128, ValueLength: 128, Taps: 4),
                AttentionInterval: 4),
        };

    private static ModelConfig Hybrid(string architecture, int width, int layers, int heads, int kvHeads, int valueHeads) =>
        new()
        {
            Architecture = architecture,
            VocabularySize = 248_320,
            Width = width,
            Layers = layers,
            Heads = heads,
            KvHeads = kvHeads,
            HeadLength = 256,
            RotaryLength = 64,
            RotarySections = new RotarySections(11, 11, 10, IsInterleaved: true),
            ContextLength = 262_144,
            RopeTheta = 10_000_000,
            HasQkNorm = true,
            HasGatedAttention = true,
            Recurrent = new RecurrentLayers(
                new DeltaNetShape(KeyHeads: 16, valueHeads, KeyLength: 128, ValueLength: 128, Taps: 4) { HasAlternatingKeyHeads = true },
                AttentionInterval: 4),
        };
}
