using System.Text.Json.Nodes;
using QwenSharp.Formats;
using QwenSharp.Models;

namespace QwenSharp.Cli.Inspect;

/// <summary>A model's description as JSON.</summary>
internal static class DescriptionJson
{
    public static JsonObject Of(ModelDescription description)
    {
        CheckpointSummary summary = description.Summary;
        return new JsonObject
        {
            ["files"] = Strings(summary.Files),
            ["bytes"] = summary.Bytes,
            ["format"] = summary.Format,
            ["architecture"] = summary.Architecture,
            ["name"] = summary.Name,
            ["parameters"] = summary.Parameters,
            ["bits_per_weight"] = summary.BitsPerWeight,
            ["types"] = new JsonArray([.. summary.Types.Select(type => new JsonObject
            {
                ["type"] = type.Type.ToString(),
                ["tensors"] = type.Tensors,
                ["parameters"] = type.Parameters,
                ["bytes"] = type.Bytes,
            })]),
            ["config"] = description.Config is { } config ? Config(config) : null,
            ["cannot_run"] = description.WhyNoConfig,
            ["memory"] = description.Memory is { } memory ? Memory(memory) : null,
            ["notes"] = Strings(description.Notes),
            ["chat_template"] = description.Template,
            ["metadata"] = new JsonObject(summary.Metadata.Select(entry => KeyValuePair.Create(
                entry.Key, (JsonNode?)new JsonObject { ["type"] = entry.Type, ["value"] = entry.Value.DeepClone() }))),
            ["tensors"] = new JsonArray([.. summary.Tensors.Select(tensor => new JsonObject
            {
                ["name"] = tensor.Name,
                ["type"] = tensor.Type.ToString(),
                ["shape"] = new JsonArray([.. tensor.Shape.Select(length => (JsonNode)length)]),
                ["bytes"] = tensor.Bytes,
            })]),
        };
    }

    private static JsonObject Config(ModelConfig config) => new()
    {
        ["vocabulary_size"] = config.VocabularySize,
        ["width"] = config.Width,
        ["layers"] = config.Layers,
        ["heads"] = config.Heads,
        ["kv_heads"] = config.KvHeads,
        ["head_length"] = config.HeadLength,
        ["feed_forward_width"] = config.FeedForwardWidth > 0 ? config.FeedForwardWidth : null,
        ["context_length"] = config.ContextLength,
        ["rms_epsilon"] = config.RmsEpsilon,
        ["rope_theta"] = config.RopeTheta,
        ["rope_scaling"] = config.RopeScaling?.ToString(),
        ["tied_head"] = config.HasTiedHead,
        ["qk_norm"] = config.HasQkNorm,
        ["qkv_bias"] = config.HasQkvBias,
        ["experts"] = config.Experts is { } experts ? Experts(experts) : null,
        ["gated_delta_net"] = config.Recurrent is { } recurrent ? Recurrent(recurrent, config.Layers) : null,
    };

    private static JsonObject Experts(MixtureOfExperts experts) => new()
    {
        ["count"] = experts.Count,
        ["used"] = experts.Used,
        ["width"] = experts.Width,
        ["shared_width"] = experts.SharedWidth > 0 ? experts.SharedWidth : null,
    };

    private static JsonObject Recurrent(RecurrentLayers recurrent, int layers) => new()
    {
        ["layers"] = recurrent.Count(layers),
        ["key_heads"] = recurrent.Shape.KeyHeads,
        ["key_length"] = recurrent.Shape.KeyLength,
        ["value_heads"] = recurrent.Shape.ValueHeads,
        ["value_length"] = recurrent.Shape.ValueLength,
        ["taps"] = recurrent.Shape.Taps,
    };

    private static JsonObject Memory(MemoryNeed memory) => new()
    {
        ["context"] = memory.Context,
        ["kv_type"] = memory.KvType.ToString(),
        ["weight_bytes"] = memory.WeightBytes,
        ["kv_bytes"] = memory.KvBytes,
        ["state_bytes"] = memory.StateBytes,
        ["workspace_bytes"] = memory.WorkspaceBytes,
        ["runtime_bytes"] = MemoryNeed.RuntimeBytes,
        ["total_bytes"] = memory.TotalBytes,
    };

    private static JsonArray Strings(IEnumerable<string> strings) => new([.. strings.Select(text => (JsonNode)text)]);
}
