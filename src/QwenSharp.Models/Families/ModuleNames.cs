namespace QwenSharp.Models;

/// <summary>
/// What transformers calls the modules of a family, and GGUF's names of them. The rotary layout is the same in both, so no row moves.
/// </summary>
/// <param name="Root">What stands ahead of a language model that is alone; empty where <paramref name="Layers"/> and
/// <paramref name="Outside"/> are whole names.</param>
/// <param name="Layers">What stands ahead of a layer's number.</param>
/// <param name="Outside">Modules outside of the layers.</param>
/// <param name="InLayer">Modules of a layer.</param>
internal sealed record ModuleNames(
    string Root, string Layers, IReadOnlyDictionary<string, string> Outside, IReadOnlyDictionary<string, string> InLayer)
{
    /// <summary>The names of Qwen2, which later families keep and add to.</summary>
    public static ModuleNames Dense { get; } = new(
        "model.",
        "layers.",
        new Dictionary<string, string>
        {
            ["embed_tokens"] = "token_embd",
            ["norm"] = "output_norm",
            ["lm_head"] = "output",
        },
        new Dictionary<string, string>
        {
            ["input_layernorm"] = "attn_norm",
            ["self_attn.q_proj"] = "attn_q",
            ["self_attn.k_proj"] = "attn_k",
            ["self_attn.v_proj"] = "attn_v",
            ["self_attn.o_proj"] = "attn_output",
            ["self_attn.q_norm"] = "attn_q_norm",
            ["self_attn.k_norm"] = "attn_k_norm",
            ["post_attention_layernorm"] = "ffn_norm",
            ["mlp.gate_proj"] = "ffn_gate",
            ["mlp.up_proj"] = "ffn_up",
            ["mlp.down_proj"] = "ffn_down",
        });

    /// <summary>With a mixture of experts in each layer.</summary>
    public static ModuleNames Experts { get; } = Dense.WithExperts();

    /// <summary>These and those of a mixture of experts.</summary>
    public ModuleNames WithExperts() => With(
        ("mlp.experts", "ffn"),
        ("mlp.gate", "ffn_gate_inp"),
        ("mlp.shared_expert_gate", "ffn_gate_inp_shexp"),
        ("mlp.shared_expert.gate_proj", "ffn_gate_shexp"),
        ("mlp.shared_expert.up_proj", "ffn_up_shexp"),
        ("mlp.shared_expert.down_proj", "ffn_down_shexp"));

    /// <summary>These and others of a layer, of which some may take the place of a name.</summary>
    public ModuleNames With(params IEnumerable<(string Module, string Name)> inLayer)
    {
        Dictionary<string, string> names = new(InLayer);
        foreach ((string module, string name) in inLayer)
            names[module] = name;

        return this with { InLayer = names };
    }
}
