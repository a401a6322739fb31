using QwenSharp.Formats;

namespace QwenSharp.Models;

/// <summary>How a model class of Hugging Face's transformers is written down in GGUF's terms.</summary>
/// <param name="Architecture">GGUF's name of the family.</param>
/// <param name="Classes">The names under <c>architectures</c> in <c>config.json</c>.</param>
/// <param name="DefaultHeadLength">The head length of a configuration that names none; 0 for width ÷ heads.</param>
/// <param name="WriteKeys">Adds what the family has beyond the keys that all have.</param>
/// <param name="Modules">Names of modules of a layer that differ from <see cref="HuggingFaceNames"/>'s.</param>
internal sealed record HuggingFaceFamily(
    string Architecture,
    IReadOnlyList<string> Classes,
    int DefaultHeadLength = 0,
    Action<HuggingFaceConfig>? WriteKeys = null,
    IReadOnlyDictionary<string, string>? Modules = null)
{
    /// <summary>The families of this build.</summary>
    public static readonly IReadOnlyList<HuggingFaceFamily> All =
    [
        new("qwen2", ["Qwen2ForCausalLM", "Qwen2Model"]),
        new("qwen2moe", ["Qwen2MoeForCausalLM"], WriteKeys: config =>
        {
            config.WriteExperts(normalizesWeights: false);
            config.AddLength("expert_shared_feed_forward_length", "shared_expert_intermediate_size");
        }),
        new("qwen2vl", ["Qwen2VLForConditionalGeneration", "Qwen2_5_VLForConditionalGeneration"]),
        new("qwen3", ["Qwen3ForCausalLM", "Qwen3Model"], DefaultHeadLength: 128),
        new("qwen3moe", ["Qwen3MoeForCausalLM"], DefaultHeadLength: 128, config => config.WriteExperts(normalizesWeights: true)),
        new("qwen3vl", ["Qwen3VLForConditionalGeneration"], DefaultHeadLength: 128),
    ];

    /// <exception cref="ModelLoadException">No class of the list is supported; the message lists those that are.</exception>
    public static HuggingFaceFamily Of(HuggingFaceJson config)
    {
        string[] classes = config.TryGetStrings("architectures", out string[]? named) ? named : throw config.Fault("architectures", "is missing");
        return All.FirstOrDefault(family => family.Classes.Intersect(classes).Any())
            ?? throw new ModelLoadException($"{config.Path}: the model class {string.Join(", ", classes)} is not supported; this build runs {string.Join(", ", All.SelectMany(family => family.Classes))}.");
    }
}
