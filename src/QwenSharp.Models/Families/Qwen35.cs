using QwenSharp.Formats;

namespace QwenSharp.Models;

/// <summary>
/// Qwen3.5 (Qwen Team, 2026): Gated DeltaNet layers with gated attention every fourth layer, whose heads are rotated in part;
/// dense, or with experts beside one that every token passes. GGUF's norms have 1 added to what the published checkpoints store around
/// zero.
/// </summary>
internal static class Qwen35
{
    // It always turns its pairs in sections; a configuration may leave them out (the default of llama.cpp's converter).
    private static readonly int[] _defaultSections = [11, 11, 10, 0];

    public static Family Family { get; } = new("qwen35", ReadLayer)
    {
        HasQkNorm = true,
        IsHybrid = true,
        HasAlternatingKeyHeads = true,
        Rotary = RotaryLayout.Interleaved,
        Classes = ["Qwen3_5ForCausalLM", "Qwen3_5ForConditionalGeneration"],
        Modules = Qwen3Next.HybridModules,
        DefaultHeadLength = Qwen3Next.HeadLength,
        WriteKeys = WriteSections,
        Shapes =
        [
            //                    width layers heads KV value heads, feed-forward
            ("qwen3.5-0.8b", Dense(1_024, 24, 8, 2, 16, 3_584, tied: true)),
            ("qwen3.5-4b", Dense(2_560, 32, 16, 4, 32, 9_216, tied: true)),
            ("qwen3.5-9b", Dense(4_096, 32, 16, 4, 32, 12_288)),
            ("qwen3.5-27b", Dense(5_120, 64, 24, 4, 48, 17_408)),
        ],
    };

    public static Family ExpertFamily { get; } = Family with
    {
        Architecture = "qwen35moe",
        Experts = new ExpertTraits(NormalizesWeights: true, HasShared: true),
        Classes = ["Qwen3_5MoeForCausalLM", "Qwen3_5MoeForConditionalGeneration"],
        Modules = Qwen3Next.HybridModules.WithExperts(),
        Shapes =
        [
            //                           width layers heads KV value heads, experts
            ("qwen3.5-35b-a3b", Sparse(2_048, 40, 16, 2, 32, new MixtureOfExperts(256, 8, 512) { SharedWidth = 512 })),
            ("qwen3.5-397b-a17b", Sparse(4_096, 60, 32, 2, 64, new MixtureOfExperts(512, 10, 1_024) { SharedWidth = 1_024 })),
        ],
    };

    private static DecoderLayer ReadLayer(WeightReader weights, ModelConfig config) => new(
        weights.Vector("attn_norm.weight", config.Width),
        config.IsRecurrent(weights.Layer) ? ReadDeltaNet(weights, config) : Attention.Read(weights, config),
        weights.Vector("post_attention_norm.weight", config.Width),
        config.Experts is null ? FeedForward.Read(weights, config) : ExpertFeedForward.Read(weights, config));

    private static GatedDeltaNet ReadDeltaNet(WeightReader weights, ModelConfig config)
    {
        (int width, int valueHeads) = (config.Width, config.Recurrent!.Shape.ValueHeads);
        return GatedDeltaNet.Read(
            weights,
            config,
            weights.Linear("attn_qkv", width, config.Recurrent.Shape.ConvolutionWidth),
            weights.Linear("attn_gate", width, config.Recurrent.Shape.ValueWidth),
            weights.Linear("ssm_alpha", width, valueHeads),
            weights.Linear("ssm_beta", width, valueHeads));
    }

    private static void WriteSections(HuggingFaceConfig config)
    {
        if (!config.HasKey("rope.dimension_sections"))
            config.Add("rope.dimension_sections", GgufValue.ArrayOf<int>(_defaultSections));
    }

    private static ModelConfig Dense(int width, int layers, int heads, int kvHeads, int valueHeads, int feedForward, bool tied = false) =>
        Shape("qwen35", width, layers, heads, kvHeads, valueHeads) with { FeedForwardWidth = feedForward, HasTiedHead = tied };

    private static ModelConfig Sparse(int width, int layers, int heads, int kvHeads, int valueHeads, MixtureOfExperts experts) =>
        Shape("qwen35moe", width, layers, heads, kvHeads, valueHeads) with { Experts = experts with { NormalizesWeights = true } };

    private static ModelConfig Shape(string architecture, int width, int layers, int heads, int kvHeads, int valueHeads)
    {
        ModelConfig shape = Qwen3Next.Shape(architecture, 248_320, width, layers, heads, kvHeads, valueHeads);
        RecurrentLayers recurrent = shape.Recurrent!;
        return shape with
        {
            RotarySections = new RotarySections(11, 11, 10, IsInterleaved: true),
            Recurrent = recurrent with { Shape = recurrent.Shape with { HasAlternatingKeyHeads = true } },
        };
    }
}
