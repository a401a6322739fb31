namespace QwenSharp.Models;

/// <summary>
/// Qwen3-MoE (Qwen Team, 2025), Qwen3-Coder among them: Qwen3's attention, and a mixture of experts whose chosen probabilities are made to
/// sum to 1.
/// </summary>
internal static class Qwen3Moe
{
    private static readonly ExpertTraits _experts = new(NormalizesWeights: true, HasShared: false);

    public static Family Family { get; } = new("qwen3moe", (weights, config) => Qwen3.ReadLayer(weights, config, ExpertFeedForward.Read))
    {
        HasQkNorm = true,
        Experts = _experts,
        Classes = ["Qwen3MoeForCausalLM"],
        Modules = ModuleNames.Experts,
        DefaultHeadLength = Qwen3.HeadLength,
        Shapes =
        [
            //                        width layers heads KV experts
            ("qwen3-30b-a3b", Shape(2_048, 48, 32, 4, new MixtureOfExperts(128, 8, 768))),
            ("qwen3-235b-a22b", Shape(4_096, 94, 64, 4, new MixtureOfExperts(128, 8, 1_536))),
            ("qwen3-coder-480b-a35b", Shape(6_144, 62, 96, 8, new MixtureOfExperts(160, 8, 2_560)) with
            {
                ContextLength = 262_144,
                RopeTheta = 10_000_000,
            }),
        ],
    };

    /// <summary>The text part of Qwen3-VL-MoE.</summary>
    public static Family VisionFamily { get; } = new("qwen3vlmoe", (weights, config) => Qwen3.ReadLayer(weights, config, ReadUnscaled))
    {
        HasQkNorm = true,
        Experts = _experts,
        Rotary = RotaryLayout.Interleaved,
        Classes = ["Qwen3VLMoeForConditionalGeneration"],
        Modules = ModuleNames.Experts,
        DefaultHeadLength = Qwen3.HeadLength,
        HasTransposedExperts = true,
        WriteKeys = Qwen3.WriteVisionKeys,
    };

    private static ExpertFeedForward ReadUnscaled(WeightReader weights, ModelConfig config) =>
        ExpertFeedForward.Read(weights, config).Unscaled();

    private static ModelConfig Shape(int width, int layers, int heads, int kvHeads, MixtureOfExperts experts) =>
        Qwen3.Shape(width, layers, heads, kvHeads, 0) with
        {
            Architecture = "qwen3moe",
            Experts = experts with { NormalizesWeights = true },
        };
}
