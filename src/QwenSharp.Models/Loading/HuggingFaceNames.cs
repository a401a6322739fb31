using System.Globalization;

namespace QwenSharp.Models;

/// <summary>GGUF's names of the modules of transformers' Qwen models. The rotary layout is the same in both, so no row needs to move.</summary>
internal static class HuggingFaceNames
{
    /// <summary>Where the language model sits inside a checkpoint: alone, under a head, or beside an encoder of images.</summary>
    private static readonly string[] Prefixes = ["model.language_model.", "language_model.model.", "language_model.", "model.", ""];

    /// <summary>Encoders of images and sound: another model, which turns what it sees into embeddings.</summary>
    private static readonly string[] Encoders = ["visual.", "model.visual.", "audio_tower.", "thinker.", "talker."];

    private static readonly Dictionary<string, string> Outside = new()
    {
        ["embed_tokens"] = "token_embd",
        ["norm"] = "output_norm",
        ["lm_head"] = "output",
    };

    private static readonly Dictionary<string, string> InLayer = new()
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
        ["mlp.gate"] = "ffn_gate_inp",
        ["mlp.shared_expert_gate"] = "ffn_gate_inp_shexp",
        ["mlp.shared_expert.gate_proj"] = "ffn_gate_shexp",
        ["mlp.shared_expert.up_proj"] = "ffn_up_shexp",
        ["mlp.shared_expert.down_proj"] = "ffn_down_shexp",
    };

    /// <summary>Whether a module belongs to an encoder beside the language model.</summary>
    public static bool IsEncoder(string module) => Encoders.Any(prefix => (module + '.').StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>GGUF's name of a module, such as "blk.3.attn_q" for "model.layers.3.self_attn.q_proj"; null for a module that no Qwen has.</summary>
    public static string? Find(HuggingFaceFamily family, string module)
    {
        if (Outside.TryGetValue(module, out string? head))
            return head;

        string prefix = Prefixes.First(prefix => module.StartsWith(prefix, StringComparison.Ordinal));
        string inner = module[prefix.Length..];
        if (Outside.TryGetValue(inner, out string? outside))
            return outside;

        const string layers = "layers.";
        int dot = inner.IndexOf('.', Math.Min(layers.Length, inner.Length));
        if (!inner.StartsWith(layers, StringComparison.Ordinal) || dot < 0 || !IsNumber(inner.AsSpan(layers.Length, dot - layers.Length)))
            return null;

        string inLayer = inner[(dot + 1)..], layer = inner[layers.Length..dot];
        string? name = family.Modules?.GetValueOrDefault(inLayer) ?? InLayer.GetValueOrDefault(inLayer) ?? ExpertName(inLayer);
        return name is null ? null : $"blk.{layer}.{name}";
    }

    /// <summary>Each expert has matrices of its own here: "ffn_gate.7" for "mlp.experts.7.gate_proj", as in GGUF before experts were stacked.</summary>
    private static string? ExpertName(string inLayer)
    {
        const string experts = "mlp.experts.";
        int dot = inLayer.LastIndexOf('.');
        return inLayer.StartsWith(experts, StringComparison.Ordinal) && dot > experts.Length && IsNumber(inLayer.AsSpan(experts.Length, dot - experts.Length))
            && InLayer.TryGetValue("mlp" + inLayer[dot..], out string? name)
            ? $"{name}.{inLayer[experts.Length..dot]}"
            : null;
    }

    private static bool IsNumber(ReadOnlySpan<char> text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && text.SequenceEqual(number.ToString(CultureInfo.InvariantCulture));
}
