using QwenSharp.Formats;

namespace QwenSharp.Models;

/// <summary>Reads a <see cref="ModelConfig"/> out of a checkpoint's metadata: every key of the architecture is used, known to mean nothing here, or refused.</summary>
internal static class ConfigReader
{
    /// <exception cref="ModelLoadException">The architecture is not supported, or a key has a value that this build does not honour.</exception>
    /// <exception cref="GgufException">A key is missing or of another type.</exception>
    public static ModelConfig Read(Checkpoint file)
    {
        GgufMetadata metadata = file.Metadata;
        string architecture = metadata.GetString("general.architecture");
        Family family = Family.Of(architecture);
        string Key(string name) => $"{architecture}.{name}";
        int Int(string name, int otherwise) => metadata.TryGetInt32(Key(name), out int value) ? value : otherwise;
        float Float(string name, float otherwise) => metadata.TryGetFloat(Key(name), out float value) ? value : otherwise;
        bool Has(string name) => file.Tensors.Any(tensor => tensor.Name == name);

        int width = metadata.GetInt32(Key("embedding_length")), heads = metadata.GetInt32(Key("attention.head_count"));
        int embedded = file.Tensors.FirstOrDefault(tensor => tensor.Name == "token_embd.weight")?.Rows
            ?? throw new ModelLoadException($"Tensor 'token_embd.weight' is missing: '{file.Path}' is a vocabulary without a model, or damaged.");
        ModelConfig config = new ModelConfig
        {
            Architecture = architecture,
            VocabularySize = Int("vocab_size", embedded),
            Width = width,
            Layers = metadata.GetInt32(Key("block_count")),
            Heads = heads,
            KvHeads = Int("attention.head_count_kv", heads),
            HeadLength = Int("attention.key_length", width / Math.Max(heads, 1)),
            FeedForwardWidth = metadata.GetInt32(Key("feed_forward_length")) / (family.CountsGateAndUpTogether ? 2 : 1),
            RmsEpsilon = metadata.GetFloat(Key("attention.layer_norm_rms_epsilon")),
            RopeTheta = Float("rope.freq_base", 10_000),
            RopeScaling = ReadScaling(metadata, architecture, out int stretched),
            ContextLength = Math.Max(stretched, metadata.GetInt32(Key("context_length"))),
            HasTiedHead = !Has("output.weight"),
            HasQkNorm = family.HasQkNorm,
            HasQkvBias = Has(family.HasFusedQkv ? "blk.0.attn_qkv.bias" : "blk.0.attn_q.bias"),
            HasFusedQkv = family.HasFusedQkv,
        }.Validate();

        RequireEqual(Key("attention.value_length"), Int("attention.value_length", config.HeadLength), config.HeadLength);
        RequireEqual(Key("rope.dimension_count"), Int("rope.dimension_count", config.HeadLength), config.HeadLength);
        NeutralKeys.Check(metadata, architecture);
        return config;
    }

    /// <param name="metadata">The file's metadata.</param>
    /// <param name="architecture">The prefix of the keys.</param>
    /// <param name="contextLength">Positions of the stretched context, or 0.</param>
    private static RopeScaling? ReadScaling(GgufMetadata metadata, string architecture, out int contextLength)
    {
        string prefix = architecture + ".rope.scaling.";
        float Float(string name, float otherwise) => metadata.TryGetFloat(prefix + name, out float value) ? value : otherwise;

        // Files from before scaling had types carry the linear factor alone.
        string type = metadata.TryGetString(prefix + "type", out string? named) ? named : "linear";
        float factor = Float("factor", metadata.TryGetFloat(architecture + ".rope.scale_linear", out float linear) ? linear : 0);
        int original = metadata.TryGetInt32(prefix + "original_context_length", out int length) ? length : 0;
        float attention = Float("attn_factor", 1), fast = Float("yarn_beta_fast", 32), slow = Float("yarn_beta_slow", 1);
        float extrapolation = Float("yarn_ext_factor", -1);

        contextLength = 0;
        if (type == "none" || (type is "linear" or "yarn" && factor is 0 or 1))
            return null;
        if (!(factor > 1) || !float.IsFinite(factor))
            throw new ModelLoadException($"Metadata '{prefix}factor' is {factor}; a context is stretched by more than 1.");
        if (type == "linear")
            return new LinearRopeScaling(factor);
        if (type != "yarn")
            throw new ModelLoadException($"Metadata '{prefix}type' is '{type}'; this build has none, linear and yarn.");
        if (extrapolation is not (-1 or 1))
            throw new ModelLoadException($"Metadata '{prefix}yarn_ext_factor' is {extrapolation}; only the paper's blend (1) is supported.");
        if (original <= 0)
            throw new ModelLoadException($"Metadata '{prefix}original_context_length' is {original}; YaRN needs the length that the model was trained on.");

        contextLength = (int)Math.Min(int.MaxValue, (double)factor * original);
        return new YarnRopeScaling(factor, original, attention, fast, slow);
    }

    private static void RequireEqual(string key, int value, int expected)
    {
        if (value != expected)
            throw new ModelLoadException($"Metadata '{key}' is {value}; this build needs it to equal the length of a head, {expected}.");
    }
}
