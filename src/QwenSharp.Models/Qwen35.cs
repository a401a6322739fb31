namespace QwenSharp.Models;

/// <summary>
/// Qwen3.5, dense (Qwen Team, 2026): Gated DeltaNet layers with gated attention every fourth layer, rotary positions over a part of each head.
/// GGUF's norms have 1 added to what the published checkpoints store around zero.
/// </summary>
internal static class Qwen35
{
    public static Family Family { get; } = new("qwen35", ReadLayer) { HasQkNorm = true, IsHybrid = true, HasAlternatingKeyHeads = true };

    private static DecoderLayer ReadLayer(WeightReader weights, ModelConfig config) => new(
        weights.Vector("attn_norm.weight", config.Width),
        ReadMixer(weights, config),
        weights.Vector("post_attention_norm.weight", config.Width),
        FeedForward.Read(weights, config));

    /// <summary>Takes the weights of attention or of the recurrence, whichever the layer has.</summary>
    public static IMixer ReadMixer(WeightReader weights, ModelConfig config)
    {
        if (!config.IsRecurrent(weights.Layer))
            return Attention.Read(weights, config);

        int width = config.Width, valueHeads = config.Recurrent!.Shape.ValueHeads;
        return GatedDeltaNet.Read(
            weights,
            config,
            weights.Linear("attn_qkv", width, config.Recurrent.Shape.ConvolutionWidth),
            weights.Linear("attn_gate", width, config.Recurrent.Shape.ValueWidth),
            weights.Linear("ssm_alpha", width, valueHeads),
            weights.Linear("ssm_beta", width, valueHeads));
    }
}
