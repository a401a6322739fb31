using QwenSharp.Formats;

namespace QwenSharp.Models;

/// <summary>
/// Keys of features that these families do not have. Converters write many of them all the same, with the value that switches the feature
/// off or with its default; with any other value the file asks for something that would otherwise be silently left out.
/// </summary>
internal static class NeutralKeys
{
    /// <summary>Neutral when 0, false, "none", or an array of nothing else.</summary>
    private static readonly HashSet<string> Off =
    [
        // Mixtures of experts, and layers before or beside them.
        "leading_dense_block_count", "expert_feed_forward_length", "expert_latent_length", "expert_shared_feed_forward_length",
        "expert_chunk_feed_forward_length", "expert_count", "expert_used_count", "expert_shared_count", "expert_group_count",
        "expert_group_used_count", "expert_weights_scale", "expert_weights_norm", "expert_gating_func", "experts_per_group",
        "moe_every_n_layers", "interleave_moe_layer_step", "swiglu_clamp_exp", "swiglu_clamp_shexp",

        // Other shapes of the network.
        "use_parallel_residual", "nextn_predict_layers", "decoder_block_count", "swin_norm",
        "rescale_every_n_layers", "time_mix_extra_dim", "time_decay_extra_dim", "residual_scale", "embedding_scale", "logit_scale",
        "hrm.layers_per_stack", "hrm.h_cycles", "hrm.l_cycles", "hrm.prefix_lm", "hash_layer_count", "attn_res.block_size",
        "hyper_connection.count", "hyper_connection.sinkhorn_iterations", "hyper_connection.epsilon", "hyper_connection.magnitude",
        "hyper_connection.low_rank", "posnet.embedding_length", "posnet.block_count", "convnext.embedding_length", "convnext.block_count",
"dense_2_feat_in", "dense_2_feat_out", "dense_3_feat_in", "dense_3_feat_out", "activation.situ_linear_beta",

        // Other kinds of attention; a scale or a window of 0 is the usual one or none.
        "attention.max_alibi_bias", "attention.clamp_kqv", "attention.layer_norm_epsilon", "attention.group_norm_epsilon",
        "attention.group_norm_groups", "attention.q_lora_rank", "attention.kv_lora_rank", "attention.decay_lora_rank",
        "attention.iclr_lora_rank", "attention.value_residual_mix_lora_rank", "attention.gate_lora_rank",
        "attention.relative_buckets_count", "attention.sliding_window", "attention.scale", "attention.output_scale",
        "attention.value_scale", "attention.temperature_length", "attention.temperature_scale", "attention.key_length_mla",
        "attention.value_length_mla", "attention.key_length_mla_swa", "attention.value_length_mla_swa", "attention.kv_lora_rank_swa",
        "attention.indexer.head_count", "attention.indexer.key_length", "attention.indexer.top_k", "attention.indexer.block_size",
        "attention.indexer.local_blocks", "attention.indexer.types", "attention.recurrent_layers", "attention.output_group_count",
        "attention.output_lora_rank", "attention.compress_rope_freq_base", "attention.compress_ratios", "rope.dimension_sections",
        "rope.scaling.yarn_log_multiplier",
        // Recurrent layers.
        "ssm.inner_size", "ssm.conv_kernel", "ssm.state_size", "ssm.time_step_rank", "ssm.group_count", "ssm.dt_b_c_rms",
        "kda.head_dim", "kda.safe_gate", "wkv.head_size", "shortconv.l_cache",
    ];

    /// <summary>Neutral when 0 or this number (in an array: each element).</summary>
    private static readonly Dictionary<string, double> Default = new()
    {
        // Defaults of features that the architecture must switch on for them to act.
        ["attn_logit_softcapping"] = 50,
        ["router_logit_softcapping"] = 30,
        ["final_logit_softcapping"] = 30,
        ["expert_group_scale"] = 0.05,
        ["token_shift_count"] = 2,
        ["activation.situ_beta"] = 1,
        ["kda.gate_lower_bound"] = double.NegativeInfinity,
        ["attention.rope_pattern"] = 1,

        // "Not set".
        ["decoder_start_token_id"] = -1,
        ["deepstack_mapping"] = -1,
    };

    /// <summary>
    /// Says nothing that a forward pass could honour: a note on training, a detail of sliding windows, which must be off, or into how many
    /// layers
    /// an encoder of images feeds what it sees, of which there is none in a text; or a factor that llama.cpp reads for other families
    /// alone.
    /// </summary>
    private static readonly HashSet<string> Notes =
    [
        "n_deepstack_layers",
        "rope.scaling.finetuned",
        "rope.scaling.yarn_attn_factor",
        "rope.dimension_count_swa",
        "rope.freq_base_swa",
        "attention.key_length_swa",
        "attention.value_length_swa",
    ];

    /// <summary>Checks the keys of the architecture that nobody has read.</summary>
    /// <exception cref="ModelLoadException">One of them is unknown, or has a value that would change the result.</exception>
    public static void Check(GgufMetadata metadata, string architecture)
    {
        string prefix = architecture + ".";
        foreach (string key in metadata.Unconsumed(prefix))
        {
            metadata.TryGetValue(key, out GgufValue? value);
            string name = key[prefix.Length..];
            bool isNeutral = Notes.Contains(name)
                || (Off.Contains(name) && IsAll(value!, 0))
                || (Default.TryGetValue(name, out double expected) && (IsAll(value!, 0) || IsAll(value!, expected)))
                || (name == "attention.causal" && IsAll(value!, 1));
            if (!isNeutral)
                throw new ModelLoadException($"Metadata '{key}' is {value}, which this build does not honour for {architecture}.");
        }
    }

    private static bool IsAll(GgufValue value, double expected)
    {
        if (value.Type == GgufValueType.Array)
        {
            return value.Count == 0
                || (value.TryGetIntegers(out long[]? integers) && integers.All(number => number == expected))
                || (value.TryGetFloats(out float[]? floats) && floats.All(number => number == (float)expected))
                || (value.TryGetBools(out bool[]? truths) && truths.All(truth => (truth ? 1 : 0) == expected));
        }

        return (value.TryGetInteger(out long integer) && integer == expected)
            || (value.TryGetFloat(out float single) && single == (float)expected)
            || (value.TryGetBool(out bool flag) && (flag ? 1 : 0) == expected)
            || (expected == 0 && value.TryGetString(out string? text) && text is "" or "none");
    }
}
