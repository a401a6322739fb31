namespace QwenSharp.Models;

/// <summary>
/// Qwen1.5-MoE and Qwen2-MoE (Qwen Team, 2024): Qwen2's attention, and a mixture of experts beside one that every token passes.
/// The probabilities of the chosen experts are used as they are.
/// </summary>
internal static class Qwen2Moe
{
    public static Family Family { get; } = new("qwen2moe", ReadLayer)
    {
        HasQkvBias = true,
        Experts = new ExpertTraits(NormalizesWeights: false, HasShared: true),
        Classes = ["Qwen2MoeForCausalLM"],
        Modules = ModuleNames.Experts,
        Shapes =
        [
            //                            width layers heads KV experts
            ("qwen1.5-moe-a2.7b", Shape(2_048, 24, 16, 16, new MixtureOfExperts(60, 4, 1_408) { SharedWidth = 5_632 }, context: 8_192)),
            ("qwen2-57b-a14b", Shape(3_584, 28, 28, 4, new MixtureOfExperts(64, 8, 2_560) { SharedWidth = 20_480 }, context: 32_768)),
        ],
    };

    private static DecoderLayer ReadLayer(WeightReader weights, ModelConfig config) => new(
        weights.Vector("attn_norm.weight", config.Width),
        Attention.Read(weights, config),
        weights.Vector("ffn_norm.weight", config.Width),
        ExpertFeedForward.Read(weights, config).Unscaled());

    private static ModelConfig Shape(int width, int layers, int heads, int kvHeads, MixtureOfExperts experts, int context) =>
        Qwen2.Shape(151_936, width, layers, heads, kvHeads, 0) with
        {
            Architecture = "qwen2moe",
            Experts = experts,
            ContextLength = context,
        };
}
