using QwenSharp.Formats;

namespace QwenSharp.Models;

/// <summary>Writes a <see cref="ModelConfig"/> as GGUF metadata: what <see cref="ConfigReader"/> reads back.</summary>
internal static class ConfigWriter
{
    public static void Write(ModelConfig config, GgufWriter writer)
    {
        string prefix = config.Architecture + ".";
        writer.Add("general.architecture", config.Architecture)
            .Add(prefix + "vocab_size", (uint)config.VocabularySize)
            .Add(prefix + "context_length", (uint)config.ContextLength)
            .Add(prefix + "embedding_length", (uint)config.Width)
            .Add(prefix + "block_count", (uint)config.Layers)
            .Add(prefix + "feed_forward_length", (uint)(config.FeedForwardWidth * (Family.Of(config.Architecture).CountsGateAndUpTogether ? 2 : 1)))
            .Add(prefix + "attention.head_count", (uint)config.Heads)
            .Add(prefix + "attention.head_count_kv", (uint)config.KvHeads)
            .Add(prefix + "attention.key_length", (uint)config.HeadLength)
            .Add(prefix + "attention.value_length", (uint)config.HeadLength)
            .Add(prefix + "attention.layer_norm_rms_epsilon", config.RmsEpsilon)
            .Add(prefix + "rope.dimension_count", (uint)config.HeadLength)
            .Add(prefix + "rope.freq_base", config.RopeTheta);
        if (config.RopeScaling is { } scaling)
        {
            writer.Add(prefix + "rope.scaling.type", scaling is YarnRopeScaling ? "yarn" : "linear")
                .Add(prefix + "rope.scaling.factor", scaling.Factor);
        }

        if (config.RopeScaling is YarnRopeScaling yarn)
        {
            writer.Add(prefix + "rope.scaling.original_context_length", (uint)yarn.OriginalContextLength)
                .Add(prefix + "rope.scaling.attn_factor", yarn.AttentionFactor)
                .Add(prefix + "rope.scaling.yarn_beta_fast", yarn.BetaFast)
                .Add(prefix + "rope.scaling.yarn_beta_slow", yarn.BetaSlow);
        }
    }
}
