namespace QwenSharp.Models;

/// <summary>
/// Qwen2 and what shares its architecture: Qwen2.5, Coder, Math, QwQ (Qwen Team, 2024): grouped-query attention
/// with biases on queries, keys and values, and a SwiGLU feed-forward network.
/// </summary>
internal static class Qwen2
{
    public static Family Family { get; } = new("qwen2", ReadLayer)
    {
        HasQkvBias = true,
        Classes = ["Qwen2ForCausalLM", "Qwen2Model"],
        Shapes =
        [
            //                      vocabulary width  layers heads KV feed-forward
            ("qwen2.5-0.5b", Shape(151_936, 896, 24, 14, 2, 4_864, tied: true)),
            ("qwen2.5-1.5b", Shape(151_936, 1_536, 28, 12, 2, 8_960, tied: true)),
            ("qwen2.5-3b", Shape(151_936, 2_048, 36, 16, 2, 11_008, tied: true)),
            ("qwen2.5-7b", Shape(152_064, 3_584, 28, 28, 4, 18_944)),
            ("qwen2.5-14b", Shape(152_064, 5_120, 48, 40, 8, 13_824)),
            ("qwen2.5-32b", Shape(152_064, 5_120, 64, 40, 8, 27_648)),
            ("qwen2.5-72b", Shape(152_064, 8_192, 80, 64, 8, 29_568)),
        ],
    };

    /// <summary>The text part of Qwen2-VL and Qwen2.5-VL.</summary>
    public static Family VisionFamily { get; } = new("qwen2vl", ReadLayer)
    {
        HasQkvBias = true,
        Rotary = RotaryLayout.Sections,
        IgnoresHeadBias = true,
        Classes = ["Qwen2VLForConditionalGeneration", "Qwen2_5_VLForConditionalGeneration"],
    };

    public static DecoderLayer ReadLayer(WeightReader weights, ModelConfig config) => new(
        weights.Vector("attn_norm.weight", config.Width),
        Attention.Read(weights, config),
        weights.Vector("ffn_norm.weight", config.Width),
        FeedForward.Read(weights, config).Unscaled());

    public static ModelConfig Shape(int vocabulary, int width, int layers, int heads, int kvHeads, int feedForward, bool tied = false) =>
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
}
