using QwenSharp.Formats;

namespace QwenSharp.Models;

/// <summary>Writes a <see cref="ModelConfig"/> as GGUF metadata: what <see cref="LanguageModel.Load"/> reads back.</summary>
public static class ConfigWriter
{
    /// <summary>Adds the keys of a model's architecture.</summary>
    /// <exception cref="ArgumentException">The writer has one of them already.</exception>
    public static void Write(ModelConfig config, GgufWriter writer)
    {
        string prefix = config.Architecture + ".";
        writer.Add("general.architecture", config.Architecture)
            .Add(prefix + "vocab_size", (uint)config.VocabularySize)
            .Add(prefix + "context_length", (uint)config.ContextLength)
            .Add(prefix + "embedding_length", (uint)config.Width)
            .Add(prefix + "block_count", (uint)(config.Layers + config.NextTokenLayers))
            .Add(
                prefix + "feed_forward_length",
                (uint)(config.FeedForwardWidth * (Family.Of(config.Architecture).CountsGateAndUpTogether ? 2 : 1)))
            .Add(prefix + "attention.head_count", (uint)config.Heads)
            .Add(prefix + "attention.head_count_kv", (uint)config.KvHeads)
            .Add(prefix + "attention.key_length", (uint)config.HeadLength)
            .Add(prefix + "attention.value_length", (uint)config.HeadLength)
            .Add(prefix + "attention.layer_norm_rms_epsilon", config.RmsEpsilon)
            .Add(prefix + "rope.dimension_count", (uint)config.RotaryLength)
            .Add(prefix + "rope.freq_base", config.RopeTheta);
        if (config.Experts is { } experts)
        {
            writer.Add(prefix + "expert_count", (uint)experts.Count)
                .Add(prefix + "expert_used_count", (uint)experts.Used)
                .Add(prefix + "expert_feed_forward_length", (uint)experts.Width);
            if (experts.SharedWidth > 0)
                writer.Add(prefix + "expert_shared_feed_forward_length", (uint)experts.SharedWidth);
            if (experts.WeightScale != 1)
                writer.Add(prefix + "expert_weights_scale", experts.WeightScale);
        }

        if (config.Pooling != Pooling.None)
            writer.Add(prefix + "pooling_type", (uint)config.Pooling);
        if (config.ClassifierLabels.Count > 0)
            writer.Add(prefix + "classifier.output_labels", GgufValue.ArrayOf([.. config.ClassifierLabels]));
        if (config.Recurrent is { } recurrent)
            RecurrentKeys.Write(recurrent, config.Architecture, writer);
        if (config.NextTokenLayers > 0)
            writer.Add(prefix + "nextn_predict_layers", (uint)config.NextTokenLayers);
        if (config.RotarySections is { } sections)
            writer.Add(prefix + "rope.dimension_sections", GgufValue.ArrayOf<int>([sections.Time, sections.Height, sections.Width, 0]));
        if (config.RopeScaling is { } scaling)
        {
            writer
                .Add(
                    prefix + "rope.scaling.type",
                    scaling is YarnRopeScaling ? "yarn"
                        : scaling is DynamicRopeScaling ? "dynamic"
                        : "linear")
                .Add(prefix + "rope.scaling.factor", scaling.Factor);
        }

        if (config.RopeScaling is DynamicRopeScaling dynamic)
            writer.Add(prefix + "rope.scaling.original_context_length", (uint)(config.ContextLength / dynamic.Factor));
        if (config.RopeScaling is YarnRopeScaling yarn)
        {
            writer.Add(prefix + "rope.scaling.original_context_length", (uint)yarn.OriginalContextLength)
                .Add(prefix + "rope.scaling.attn_factor", yarn.AttentionFactor)
                .Add(prefix + "rope.scaling.yarn_beta_fast", yarn.BetaFast)
                .Add(prefix + "rope.scaling.yarn_beta_slow", yarn.BetaSlow);
            if (!yarn.Truncates)
                writer.Add(prefix + "rope.scaling.yarn_truncate", false);
        }
    }
}
