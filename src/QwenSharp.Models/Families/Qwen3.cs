using QwenSharp.Formats;

namespace QwenSharp.Models;

/// <summary>
/// Qwen3, dense (Qwen Team, 2025): Qwen2 without its biases, with RMSNorm over each query and key head,
/// and heads whose length is chosen apart from the width. Qwen3-Embedding and Qwen3-Reranker are of this family.
/// </summary>
internal static class Qwen3
{
    /// <summary>The length of a head that <c>config.json</c> does not name, in all models of the generation but the hybrid ones.</summary>
    public const int HeadLength = 128;

    public static Family Family { get; } = new("qwen3", (weights, config) => ReadLayer(weights, config, FeedForward.Read))
    {
        HasQkNorm = true,
        Classes = ["Qwen3ForCausalLM", "Qwen3Model"],
        DefaultHeadLength = HeadLength,
        WriteKeys = RequireNoBias,
        Shapes =
        [
            //                    width layers heads KV feed-forward
            ("qwen3-0.6b", Shape(1_024, 28, 16, 8, 3_072, tied: true)),
            ("qwen3-1.7b", Shape(2_048, 28, 16, 8, 6_144, tied: true)),
            ("qwen3-4b", Shape(2_560, 36, 32, 8, 9_728, tied: true)),
            ("qwen3-8b", Shape(4_096, 36, 32, 8, 12_288)),
            ("qwen3-14b", Shape(5_120, 40, 40, 8, 17_408)),
            ("qwen3-32b", Shape(5_120, 64, 64, 8, 25_600)),
        ],
    };

    /// <summary>The text part of Qwen3-VL.</summary>
    public static Family VisionFamily { get; } = new("qwen3vl", (weights, config) => ReadLayer(weights, config, ReadUnscaled))
    {
        HasQkNorm = true,
        Rotary = RotaryLayout.Interleaved,
        Classes = ["Qwen3VLForConditionalGeneration"],
        DefaultHeadLength = HeadLength,
        WriteKeys = WriteVisionKeys,
    };

    /// <summary>A layer of Qwen3 with any feed-forward network.</summary>
    public static DecoderLayer ReadLayer(
        WeightReader weights,
        ModelConfig config,
        Func<WeightReader, ModelConfig, IFeedForward> readFeedForward
    ) =>
        new(
            weights.Vector("attn_norm.weight", config.Width),
            Attention.Read(weights, config),
            weights.Vector("ffn_norm.weight", config.Width),
            readFeedForward(weights, config));

    /// <summary>Into how many layers the encoder of images feeds what it sees: for other engines, of no use to a text.</summary>
    public static void WriteVisionKeys(HuggingFaceConfig config)
    {
        if (
            config.Root.TryGetObject("vision_config", out HuggingFaceJson? vision)
            && vision.TryGetInt32s("deepstack_visual_indexes", out int[]? layers))
        {
            config.Add("n_deepstack_layers", (uint)layers.Length);
        }
    }

    public static ModelConfig Shape(int width, int layers, int heads, int kvHeads, int feedForward, bool tied = false) => new()
    {
        Architecture = "qwen3",
        VocabularySize = 151_936,
        Width = width,
        Layers = layers,
        Heads = heads,
        KvHeads = kvHeads,
        HeadLength = HeadLength,
        FeedForwardWidth = feedForward,
        ContextLength = 40_960,
        RopeTheta = 1_000_000,
        HasTiedHead = tied,
        HasQkNorm = true,
    };

    private static void RequireNoBias(HuggingFaceConfig config)
    {
        if (config.Text.TryGetBool("attention_bias", out bool hasBias) && hasBias)
            throw config.Refusal("attention_bias", "this family has none");
    }

    private static FeedForward ReadUnscaled(WeightReader weights, ModelConfig config) => FeedForward.Read(weights, config).Unscaled();
}
