using QwenSharp.Formats;

namespace QwenSharp.Models;

/// <summary>How a model class of Hugging Face's transformers is written down in GGUF's terms.</summary>
/// <param name="Architecture">GGUF's name of the family.</param>
/// <param name="Classes">The names under <c>architectures</c> in <c>config.json</c>.</param>
/// <param name="DefaultHeadLength">The head length of a configuration that names none; 0 for width ÷ heads.</param>
/// <param name="WriteKeys">Adds what the family has beyond the keys that all have.</param>
internal sealed record HuggingFaceFamily(
    string Architecture,
    IReadOnlyList<string> Classes,
    int DefaultHeadLength = 0,
    Action<HuggingFaceConfig>? WriteKeys = null)
{
    // Qwen3.5 always turns its pairs in sections; a configuration may leave them out (the default of llama.cpp's converter).
    private static readonly int[] DefaultSections = [11, 11, 10, 0];

    /// <summary>The families of this build.</summary>
    public static readonly IReadOnlyList<HuggingFaceFamily> All =
    [
        new("qwen", ["QWenLMHeadModel"], WriteKeys: config =>
        {
            if (config.Text.TryGetNumber("rotary_pct", out double share) && share != 1)
                throw config.Refusal("rotary_pct", "only heads that turn as a whole are supported");
            if (config.Text.TryGetBool("scale_attn_weights", out bool scales) && !scales)
                throw config.Refusal("scale_attn_weights", "attention is always scaled");
        }),
        new("qwen2", ["Qwen2ForCausalLM", "Qwen2Model"]),
        new("qwen2moe", ["Qwen2MoeForCausalLM"], WriteKeys: config =>
        {
            config.WriteExperts(normalizesWeights: false);
            config.AddLength("expert_shared_feed_forward_length", "shared_expert_intermediate_size");
        }),
        new("qwen2vl", ["Qwen2VLForConditionalGeneration", "Qwen2_5_VLForConditionalGeneration"]),
        new("qwen3", ["Qwen3ForCausalLM", "Qwen3Model"], DefaultHeadLength: 128),
        new("qwen3moe", ["Qwen3MoeForCausalLM"], DefaultHeadLength: 128, config => config.WriteExperts(normalizesWeights: true)),
        new("qwen3vl", ["Qwen3VLForConditionalGeneration"], DefaultHeadLength: 128, WriteVisionKeys),
        new("qwen3vlmoe", ["Qwen3VLMoeForConditionalGeneration"], DefaultHeadLength: 128, config =>
        {
            config.WriteExperts(normalizesWeights: true);
            WriteVisionKeys(config);
        }) { HasTransposedExperts = true },
        new("qwen3next", ["Qwen3NextForCausalLM"], DefaultHeadLength: 256, config =>
        {
            WriteExpertsWithShared(config);
            HuggingFaceRecurrent.WriteKeys(config);
        }),
        new("qwen35", ["Qwen3_5ForCausalLM", "Qwen3_5ForConditionalGeneration"], DefaultHeadLength: 256, config =>
        {
            HuggingFaceRecurrent.WriteKeys(config);
            WriteSections(config);
        }),
        new("qwen35moe", ["Qwen3_5MoeForCausalLM", "Qwen3_5MoeForConditionalGeneration"], DefaultHeadLength: 256, config =>
        {
            WriteExpertsWithShared(config);
            HuggingFaceRecurrent.WriteKeys(config);
            WriteSections(config);
        }),
    ];

    /// <inheritdoc cref="Models.Family.HasQkvBias"/>
    public bool HasQkvBias => Family.Of(Architecture).HasQkvBias;

    /// <summary>Whether experts that are stacked in one tensor have their inputs before their outputs: [experts, in, out].</summary>
    public bool HasTransposedExperts { get; init; }

    /// <summary>Whether most layers are recurrent; the norms of such families are stored around zero.</summary>
    public bool IsHybrid => Family.Of(Architecture).IsHybrid;

    /// <summary>Whether value heads move, as GGUF has them in another order (<see cref="Models.Family.HasAlternatingKeyHeads"/>).</summary>
    public bool HasAlternatingKeyHeads => Family.Of(Architecture).HasAlternatingKeyHeads;

    /// <exception cref="ModelLoadException">No class of the list is supported; the message lists those that are.</exception>
    public static HuggingFaceFamily Of(HuggingFaceJson config)
    {
        string[] classes =
            config.TryGetStrings("architectures", out string[]? named) && named.Length > 0
                ? named
                : throw config.Fault("architectures", "is missing");
        return All.FirstOrDefault(family => family.Classes.Intersect(classes).Any())
            ?? throw new ModelLoadException(
                $"{config.Path}: the model class {string.Join(", ", classes)} is not supported; this build runs "
                    + $"{string.Join(", ", All.SelectMany(family => family.Classes))}."
            );
    }

    private static void WriteExpertsWithShared(HuggingFaceConfig config)
    {
        config.WriteExperts(normalizesWeights: true);
        config.AddLength("expert_shared_feed_forward_length", "shared_expert_intermediate_size");
    }

    private static void WriteSections(HuggingFaceConfig config)
    {
        if (!config.HasKey("rope.dimension_sections"))
            config.Add("rope.dimension_sections", GgufValue.ArrayOf<int>(DefaultSections));
    }

    /// <summary>Into how many layers the encoder of images feeds what it sees: for other engines, of no use to a text.</summary>
    private static void WriteVisionKeys(HuggingFaceConfig config)
    {
        if (
            config.Root.TryGetObject("vision_config", out HuggingFaceJson? vision)
            && vision.TryGetInt32s("deepstack_visual_indexes", out int[]? layers))
        {
            config.Add("n_deepstack_layers", (uint)layers.Length);
        }
    }
}
