using QwenSharp.Formats;

namespace QwenSharp.Models;

/// <summary>
/// Reads a <see cref="ModelConfig"/> out of a checkpoint's metadata: every key of the architecture is used, known to mean nothing here, or
/// refused.
/// </summary>
internal static class ConfigReader
{
    /// <exception cref="ModelLoadException">The architecture is not supported, or a key has a value that this build does not
    /// honour.</exception>
    /// <exception cref="GgufException">A key is missing or of another type.</exception>
    public static ModelConfig Read(Checkpoint file)
    {
        if (file.Metadata.TryGetString("general.type", out string? type) && type == "adapter")
            throw new ModelLoadException($"'{file.Path}' is an adapter, not a model: load its base model, and the adapter beside it.");

        Family family = Family.Of(file.Metadata.GetString("general.architecture"));
        ArchitectureKeys keys = new(file.Metadata, family.Architecture);
        bool Has(string name) => file.Tensors.Any(tensor => tensor.Name == name);

        int embedded =
            file.Tensors.FirstOrDefault(tensor => tensor.Name == "token_embd.weight")?.Rows
            ?? throw new ModelLoadException(
                $"Tensor 'token_embd.weight' is missing: '{file.Path}' is a vocabulary without a model, or damaged.");
        (int layers, int nextTokens) = DraftingBlocks.Count(keys, file.Tensors);
        RecurrentLayers? recurrent = family.IsHybrid ? RecurrentKeys.Read(file.Metadata, family, layers) : null;

        // Recurrent layers have no heads of attention; a program that writes a number for each layer writes 0 there.
        bool Attends(int layer) => recurrent?.Contains(layer) != true;
        int width = keys.Int("embedding_length"),
            heads = keys.Int("attention.head_count", null, layers, Attends);
        int headLength = keys.Int("attention.key_length", width / Math.Max(heads, 1));
        int feedForward =
            keys.Int("feed_forward_length", family.Experts is null ? null : 0, layers, _ => true)
            / (family.CountsGateAndUpTogether ? 2 : 1);
        ModelConfig config = new ModelConfig
        {
            Architecture = family.Architecture,
            VocabularySize = embedded,
            Width = width,
            Layers = layers,
            Heads = heads,
            KvHeads = keys.Int("attention.head_count_kv", heads, layers, Attends),
            HeadLength = headLength,
            FeedForwardWidth = feedForward,
            Experts = ReadExperts(keys, family.Experts, feedForward),
            RmsEpsilon = keys.Float("attention.layer_norm_rms_epsilon"),
            RopeTheta = keys.Float("rope.freq_base", 10_000),
            RotaryLength = keys.Int("rope.dimension_count", headLength),
            RotarySections = ReadSections(keys, family.Rotary),
            RopeScaling = ReadScaling(keys, out int stretched),
            ContextLength = Math.Max(stretched, keys.Int("context_length")),
            HasTiedHead = !Has("output.weight"),
            HasQkNorm = family.HasQkNorm,
            HasQkvBias = Has(family.HasFusedQkv ? "blk.0.attn_qkv.bias" : $"blk.{(recurrent?.AttentionInterval ?? 1) - 1}.attn_q.bias"),
            HasFusedQkv = family.HasFusedQkv,
            HasGatedAttention = family.IsHybrid,
            Recurrent = recurrent,
            NextTokenLayers = nextTokens,
            Pooling = ReadPooling(keys),
            ClassifierLabels = keys.Texts("classifier.output_labels"),
        }.Validate();

        if (keys.Int("vocab_size", embedded) is var stated && stated != embedded)
        {
            file.AddRepair(
                $"{keys.Name("vocab_size")} is {stated}, and the embedding table has {embedded} rows: these are the vocabulary.");
        }

        int valueLength = keys.Int("attention.value_length", config.HeadLength);
        if (valueLength != config.HeadLength)
        {
            throw new ModelLoadException(
                $"Metadata '{keys.Name("attention.value_length")}' is {valueLength}; this build needs it to equal the length of a key "
                    + $"head, {config.HeadLength}."
            );
        }

        config = DraftingBlocks.KeepWhole(file, family, config, keys.Int("nextn_predict_layers", 0));
        NeutralKeys.Check(file.Metadata, family.Architecture);
        return config;
    }

    private static Pooling ReadPooling(ArchitectureKeys keys) =>
        keys.Int64("pooling_type", 0) switch
        {
            // llama.cpp writes "not set" as −1 in 32 bits, signed or not.
            0 or -1 or uint.MaxValue => Pooling.None,
            3 => Pooling.Last,
            4 => Pooling.Rank,
            long other => throw new ModelLoadException(
                $"Metadata '{keys.Name("pooling_type")}' is {other}; this build has none (0), last token (3) and rank (4), which Qwen "
                    + "models use."
            ),
        };

    private static MixtureOfExperts? ReadExperts(ArchitectureKeys keys, ExpertTraits? traits, int feedForward)
    {
        if (traits is null)
            return null;

        int used = keys.Int("expert_used_count");
        if (keys.Int("expert_gating_func", 1) is not (0 or 1) and int function)
            throw new ModelLoadException($"Metadata '{keys.Name("expert_gating_func")}' is {function}; this build has the softmax (1).");

        // Many files of families that do normalise leave it out, or have the default, false.
        if (keys.Flag("expert_weights_norm") is true && !traits.NormalizesWeights)
        {
            throw new ModelLoadException(
                $"Metadata '{keys.Name("expert_weights_norm")}' is true, which {keys.Architecture} is not made for.");
        }

        float scale = keys.Float("expert_weights_scale", 1);
        return new MixtureOfExperts(keys.Int("expert_count"), used, keys.Int("expert_feed_forward_length", feedForward / Math.Max(used, 1)))
        {
            SharedWidth = traits.HasShared ? keys.Int("expert_shared_feed_forward_length", feedForward) : 0,
            NormalizesWeights = traits.NormalizesWeights,
            WeightScale = scale == 0 ? 1 : scale,
        };
    }

    private static RotarySections? ReadSections(ArchitectureKeys keys, RotaryLayout layout)
    {
        if (layout == RotaryLayout.Plain)
            return null;

        // The fourth section is of no use to language models.
        int[] lengths = keys.Ints("rope.dimension_sections");
        return lengths.Length is 3 or 4
            ? new RotarySections(lengths[0], lengths[1], lengths[2], layout == RotaryLayout.Interleaved)
            : throw new ModelLoadException(
                $"Metadata '{keys.Name("rope.dimension_sections")}' has {lengths.Length} numbers; 3 or 4 are expected.");
    }

    /// <param name="keys">The metadata.</param>
    /// <param name="contextLength">Positions of the stretched context, or 0.</param>
    private static RopeScaling? ReadScaling(ArchitectureKeys keys, out int contextLength)
    {
        // Files from before scaling had types carry the linear factor alone. "dynamic" and yarn_truncate are this build's words for what
        // Hugging Face's configs can say and GGUF otherwise cannot.
        string type = keys.Text("rope.scaling.type") ?? "linear";
        float factor = keys.Float("rope.scaling.factor", keys.Float("rope.scale_linear", 0));
        int original = keys.Int("rope.scaling.original_context_length", 0);
        float attention = keys.Float("rope.scaling.attn_factor", 1);
        float fast = keys.Float("rope.scaling.yarn_beta_fast", 32), slow = keys.Float("rope.scaling.yarn_beta_slow", 1);
        float extrapolation = keys.Float("rope.scaling.yarn_ext_factor", -1);

        contextLength = 0;
        if (type == "none" || (type is "linear" or "dynamic" or "yarn" && factor is 0 or 1))
            return null;
        if (!(factor > 1) || !float.IsFinite(factor))
        {
            throw new ModelLoadException(
                $"Metadata '{keys.Name("rope.scaling.factor")}' is {factor}; a context is stretched by more than 1.");
        }

        if (type == "linear")
            return new LinearRopeScaling(factor);
        if (type == "dynamic")
        {
            contextLength = Stretched(factor, original > 0 ? original : keys.Int("context_length"));
            return new DynamicRopeScaling(factor);
        }

        if (type != "yarn")
        {
            throw new ModelLoadException(
                $"Metadata '{keys.Name("rope.scaling.type")}' is '{type}'; this build has none, linear, dynamic and yarn.");
        }

        if (extrapolation is not (-1 or 1))
        {
            throw new ModelLoadException(
                $"Metadata '{keys.Name("rope.scaling.yarn_ext_factor")}' is {extrapolation}; only the paper's blend (1) is supported.");
        }

        if (original <= 0)
        {
            throw new ModelLoadException(
                $"Metadata '{keys.Name("rope.scaling.original_context_length")}' is {original}; YaRN needs the length that the model was "
                    + "trained on."
            );
        }

        contextLength = Stretched(factor, original);
        return new YarnRopeScaling(factor, original, attention, fast, slow) { Truncates = keys.Flag("rope.scaling.yarn_truncate") ?? true };
    }

    private static int Stretched(float factor, int original) => (int)Math.Min(int.MaxValue, (double)factor * original);
}
