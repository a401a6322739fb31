using QwenSharp.Formats;

namespace QwenSharp.Models;

/// <summary>
/// Reads a <c>config.json</c> and writes it down as GGUF metadata, with the keys that llama.cpp's converter writes, so that
/// <see cref="ConfigReader"/> makes the <see cref="ModelConfig"/> of a folder and of a file alike. A setting that would change the result
/// and
/// that this build does not honour is refused by its name; one that nobody knows is reported.
/// </summary>
internal sealed class HuggingFaceConfig
{
    /// <summary>What matters to training, to generation by other programs, or to bookkeeping, but not to a forward pass.</summary>
    private static readonly string[] Notes =
    [
        "_attn_implementation", "_name_or_path", "architectures", "attention_dropout", "attn_dropout_prob", "auto_map", "bf16",
        "bos_token_id", "decoder_sparse_step", "dtype", "emb_dropout_prob", "eos_token_id", "fp16", "fp32", "initializer_range",
        "image_token_id", "is_decoder", "mamba_ssm_dtype", "max_window_layers", "model_type", "mtp_num_hidden_layers",
        "mtp_use_dedicated_embeddings", "no_bias", "onnx_safe", "output_router_logits", "pad_token_id", "quantization_config",
        "router_aux_loss_coef", "sliding_window", "softmax_in_fp32", "tokenizer_class", "tokenizer_type", "torch_dtype",
        "transformers_version", "unsloth_fixed", "unsloth_version", "use_cache", "use_cache_kernel", "use_cache_quantization",
        "use_flash_attn", "video_token_id", "vision_config", "vision_end_token_id", "vision_start_token_id", "vision_token_id",
    ];

    /// <summary>What other families multiply or bound; without effect at 0 or 1.</summary>
    private static readonly string[] Factors =
    [
        "attention_multiplier",
        "attn_logit_softcapping",
        "embedding_multiplier",
        "final_logit_softcapping",
        "logit_scale",
        "logits_scaling",
        "residual_multiplier",
    ];

    private readonly OrderedDictionary<string, GgufValue> _metadata;

    private HuggingFaceConfig(
        HuggingFaceJson root,
        HuggingFaceJson text,
        Family family,
        int nextTokenLayers,
        OrderedDictionary<string, GgufValue> metadata
    ) =>
        (Root, Text, Family, NextTokenLayers, _metadata, HasTiedHead) = (
            root,
            text,
            family,
            nextTokenLayers,
            metadata,
            (root.TryGetBool("tie_word_embeddings", out bool tied) || text.TryGetBool("tie_word_embeddings", out tied)) && tied);

    /// <summary>The whole file.</summary>
    public HuggingFaceJson Root { get; }

    /// <summary>The part on the language model: an object of its own in models that also see or hear, else the whole file.</summary>
    public HuggingFaceJson Text { get; }

    /// <summary>The family that the file names.</summary>
    public Family Family { get; }

    /// <summary>Whether the output head is the embedding table.</summary>
    public bool HasTiedHead { get; }

    /// <summary>
    /// Whether the folder is of a model that embeds texts, and so may have no output head: its class says so, or a list of
    /// sentence-transformers' modules.
    /// </summary>
    public bool IsForEmbedding =>
        (
            Root.TryGetStrings("architectures", out string[]? classes)
            && classes.All(name => name.EndsWith("Model", StringComparison.Ordinal))
        ) || File.Exists(Path.Combine(Path.GetDirectoryName(Root.Path)!, "modules.json"));

    /// <summary>Layers of the decoder, without blocks that draft the token after next.</summary>
    public int Layers => Length("num_hidden_layers");

    /// <summary>The length of an attention head.</summary>
    public int HeadLength =>
        Length(
            Text.Has("kv_channels") ? "kv_channels" : "head_dim",
            Family.DefaultHeadLength > 0 ? Family.DefaultHeadLength : Length("hidden_size") / Length("num_attention_heads"));

    /// <summary>Blocks that draft the token after next.</summary>
    public int NextTokenLayers { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="root">The <c>config.json</c>.</param>
    /// <param name="nextTokenLayers">Blocks that draft the token after next, as the tensors have them: what is saved after a training often
    /// lacks them, whatever the file says.</param>
    /// <param name="metadata">Receives the keys.</param>
    /// <exception cref="HuggingFaceException">A key is missing or has a value that cannot be.</exception>
    /// <exception cref="ModelLoadException">The model class or a setting is not supported.</exception>
    public static HuggingFaceConfig Read(HuggingFaceJson root, int nextTokenLayers, OrderedDictionary<string, GgufValue> metadata)
    {
        HuggingFaceJson text = root.TryGetObject("text_config", out HuggingFaceJson? nested) ? nested : root;
        HuggingFaceConfig config = new(root, text, Family.Of(root), nextTokenLayers, metadata);
        text.Skip("tie_word_embeddings");
        text.Skip("attention_bias");
        config.WriteCommonKeys();
        if (config.Family.Experts is { } experts)
            config.WriteExperts(experts);
        if (config.Family.IsHybrid)
            HuggingFaceRecurrent.WriteKeys(config);

        config.Family.WriteKeys?.Invoke(config);
        config.RequireNeutral();
        return config;
    }

    /// <summary>What a reader should know of the settings.</summary>
    public List<string> Remarks { get; } = [];

    /// <summary>Settings that this build knows nothing of; they change nothing here.</summary>
    public IReadOnlyList<string> UnknownSettings() =>
        [.. Text.Unconsumed().Where(name => !Notes.Contains(name[(name.LastIndexOf('.') + 1)..]))];

    /// <summary>Adds a key of the architecture.</summary>
    public void Add(string key, GgufValue value) => _metadata.Add($"{Family.Architecture}.{key}", value);

    /// <summary>Whether a key of the architecture was added.</summary>
    public bool HasKey(string key) => _metadata.ContainsKey($"{Family.Architecture}.{key}");

    /// <summary>A length: a whole number of at least 1.</summary>
    /// <exception cref="HuggingFaceException">It is missing, or something else.</exception>
    public int Length(string name, int? otherwise = null)
    {
        if (!Text.TryGetInt32(name, out int value))
            return otherwise ?? Text.GetInt32(name);

        return value > 0 ? value : throw Text.Fault(name, $"is {value}; it must be at least 1");
    }

    /// <summary>Adds a length under GGUF's name.</summary>
    public void AddLength(string key, string name, int? otherwise = null) => Add(key, (uint)Length(name, otherwise));

    private void WriteCommonKeys()
    {
        int width = Length("hidden_size"), heads = Length("num_attention_heads");
        if (Text.Has("vocab_size"))
            AddLength("vocab_size", "vocab_size");

        Add("block_count", (uint)Layers + (uint)NextTokenLayers);
        if (NextTokenLayers > 0)
            Add("nextn_predict_layers", (uint)NextTokenLayers);

        Add("context_length", (uint)(Family.ContextLength?.Invoke(this) ?? Length("max_position_embeddings")));
        Add("embedding_length", (uint)width);
        if (Text.Has("intermediate_size") || !Text.Has("moe_intermediate_size"))
            AddLength("feed_forward_length", "intermediate_size");

        Add("attention.head_count", (uint)heads);
        AddLength("attention.head_count_kv", "num_key_value_heads", heads);
        int headLength = HeadLength;
        if (headLength != width / heads || Text.Has("head_dim"))
        {
            Add("attention.key_length", (uint)headLength);
            Add("attention.value_length", (uint)headLength);
        }

        Add(
            "attention.layer_norm_rms_epsilon",
            Text.TryGetNumber("rms_norm_eps", out double epsilon) || Text.TryGetNumber("layer_norm_epsilon", out epsilon)
                ? (float)epsilon
                : 1e-6f);
        HuggingFaceRope.Write(this);
    }

    /// <summary>Adds the keys of a mixture of experts in every layer.</summary>
    private void WriteExperts(ExpertTraits traits)
    {
        AddLength("expert_count", "num_experts");
        AddLength("expert_used_count", "num_experts_per_tok");
        AddLength("expert_feed_forward_length", "moe_intermediate_size");
        if (Text.TryGetBool("norm_topk_prob", out bool normalizes) && normalizes != traits.NormalizesWeights)
            throw Refusal("norm_topk_prob", $"{Family.Architecture} is run with {(traits.NormalizesWeights ? "true" : "false")}");
        if (Text.TryGetInt32("decoder_sparse_step", out int step) && step != 1)
            throw Refusal("decoder_sparse_step", "only experts in every layer are supported");
        if (Text.TryGetInt32s("mlp_only_layers", out int[]? dense) && dense.Length > 0)
            throw Refusal("mlp_only_layers", "only experts in every layer are supported");
        if (traits.HasShared)
            AddLength("expert_shared_feed_forward_length", "shared_expert_intermediate_size");
    }

    /// <summary>Settings of features that these families do not have, or that this build does not honour.</summary>
    private void RequireNeutral()
    {
        if (Text.TryGetString("hidden_act", out string? activation) && activation != "silu")
            throw Refusal("hidden_act", "only silu is supported");
        // The first max_window_layers layers attend to everything, layer_types says it layer by layer, and null is no window (a file
        // without the key has a window all the same).
        bool isFull =
            (Text.Names.Contains("sliding_window") && !Text.Has("sliding_window"))
            || Text.Has("layer_types")
            || (Text.TryGetInt32("max_window_layers", out int first) && first >= Layers);
        if (Text.TryGetBool("use_sliding_window", out bool slides) && slides && !isFull)
            throw Refusal("use_sliding_window", "attention to a sliding window is not supported; full attention is");
        if (
            Text.TryGetStrings("layer_types", out string[]? types)
            && types.FirstOrDefault(type => type is not ("full_attention" or "linear_attention")) is { } type)
        {
            throw Refusal("layer_types", $"a layer of the type '{type}' is not supported");
        }

        if (types is not null && !Family.IsHybrid && (types.Length != Layers || types.Contains("linear_attention")))
            throw Refusal("layer_types", $"each of the {Layers} layers of this family has full attention");
        if (Factors.FirstOrDefault(name => Text.TryGetNumber(name, out double factor) && factor is not (0 or 1)) is { } changed)
            throw Refusal(changed, "this family has nothing of the kind");
        if (Text.TryGetBool("is_causal", out bool causal) && !causal)
            throw Refusal("is_causal", "only causal attention is supported");
    }

    /// <summary>A setting that is understood and cannot be honoured.</summary>
    public ModelLoadException Refusal(string name, string reason) => new($"{Root.Path}: '{name}' is {Text.Raw(name)}; {reason}.");
}
