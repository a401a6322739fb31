using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace QwenSharp.Models;

/// <summary>
/// GGUF's names of the modules of transformers' Qwen models. The rotary layout is the same in both, so no row needs to move.
/// </summary>
internal static class HuggingFaceNames
{
    /// <summary>Where the language model sits inside a checkpoint: alone, under a head, or beside an encoder of images.</summary>
    private static readonly string[] Prefixes = ["model.language_model.", "language_model.model.", "language_model.", "model.", ""];

    /// <summary>Encoders of images and sound: another model, which turns what it sees into embeddings.</summary>
    private static readonly string[] Encoders = ["visual.", "model.visual.", "audio_tower.", "thinker.", "talker."];

    /// <summary>Where the blocks sit that draft the token after next.</summary>
    private static readonly string[] NextTokenPrefixes = ["mtp.", "model.mtp."];

    private const string Layers = "layers.";

    private static readonly Dictionary<string, string> InNextTokenBlock = new()
    {
        ["fc"] = "nextn.eh_proj",
        ["pre_fc_norm_embedding"] = "nextn.enorm",
        ["pre_fc_norm_hidden"] = "nextn.hnorm",
        ["norm"] = "nextn.shared_head_norm",
        ["embed_tokens"] = "nextn.embed_tokens",
    };

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
        ["linear_attn"] = "ssm",
        ["linear_attn.in_proj_qkvz"] = "ssm_in",
        ["linear_attn.in_proj_ba"] = "ssm_ba",
        ["linear_attn.in_proj_qkv"] = "attn_qkv",
        ["linear_attn.in_proj_z"] = "attn_gate",
        ["linear_attn.in_proj_a"] = "ssm_alpha",
        ["linear_attn.in_proj_b"] = "ssm_beta",
        ["linear_attn.conv1d"] = "ssm_conv1d",
        ["linear_attn.norm"] = "ssm_norm",
        ["linear_attn.out_proj"] = "ssm_out",
        ["mlp.experts"] = "ffn",
        ["mlp.gate_proj"] = "ffn_gate",
        ["mlp.up_proj"] = "ffn_up",
        ["mlp.down_proj"] = "ffn_down",
        ["mlp.gate"] = "ffn_gate_inp",
        ["mlp.shared_expert_gate"] = "ffn_gate_inp_shexp",
        ["mlp.shared_expert.gate_proj"] = "ffn_gate_shexp",
        ["mlp.shared_expert.up_proj"] = "ffn_up_shexp",
        ["mlp.shared_expert.down_proj"] = "ffn_down_shexp",
    };

    /// <summary>The code of the first generation came with its checkpoints, and has GPT-2's names.</summary>
    private const string FirstPrefix = "transformer.";

    private static readonly Dictionary<string, string> OutsideFirst = new()
    {
        ["wte"] = "token_embd",
        ["ln_f"] = "output_norm",
    };

    private static readonly Dictionary<string, string> InFirstLayer = new()
    {
        ["ln_1"] = "attn_norm",
        ["attn.c_attn"] = "attn_qkv",
        ["attn.c_proj"] = "attn_output",
        ["ln_2"] = "ffn_norm",
        ["mlp.w1"] = "ffn_up",
        ["mlp.w2"] = "ffn_gate",
        ["mlp.c_proj"] = "ffn_down",
    };

    /// <summary>Whether a module belongs to an encoder beside the language model.</summary>
    public static bool IsEncoder(string module) => Encoders.Any(prefix => (module + '.').StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>How many blocks draft the token after next, by the names of a checkpoint's tensors.</summary>
    public static int NextTokenLayers(IEnumerable<string> tensors) =>
        tensors
            .Select(tensor => NextTokenName(tensor) is { } inner && TryLayer(inner, out int layer, out _) ? layer + 1 : 0)
            .DefaultIfEmpty()
            .Max();

    /// <summary>
    /// GGUF's name of a module, such as "blk.3.attn_q" for "model.layers.3.self_attn.q_proj"; null for a module that no Qwen has.
    /// </summary>
    /// <param name="isHybrid">Whether the family's layers are recurrent for the most part.</param>
    /// <param name="layers">The model's layers; its blocks that draft the token after next are counted behind them.</param>
    /// <param name="module">The module.</param>
    public static string? Find(bool isHybrid, int layers, string module)
    {
        if (Outside.TryGetValue(module, out string? head))
            return head;
        if (module.StartsWith(FirstPrefix, StringComparison.Ordinal))
            return FirstName(module[FirstPrefix.Length..]);
        if (isHybrid && NextTokenName(module) is { } next)
            return InNextTokenBlock.TryGetValue(next, out string? own) ? $"blk.{layers}.{own}" : LayerName(isHybrid, next, layers);

        string prefix = Prefixes.First(prefix => module.StartsWith(prefix, StringComparison.Ordinal));
        string inner = module[prefix.Length..];
        return Outside.TryGetValue(inner, out string? outside) ? outside : LayerName(isHybrid, inner, 0);
    }

    /// <summary>
    /// The way back of <see cref="Find"/>: transformers' name of a module, such as "layers.3.self_attn.q_proj" for "blk.3.attn_q"; null
    /// where it has none.
    /// </summary>
    /// <param name="name">GGUF's name, of a module of a layer or outside of them.</param>
    /// <param name="isFirst">Whether the model is of the first generation.</param>
    public static string? ModuleOf(string name, bool isFirst = false)
    {
        if (isFirst && KeyOf(OutsideFirst, name) is { } first)
            return FirstPrefix + first;
        if (KeyOf(Outside, name) is { } outside)
            return outside;

        string[] parts = name.Split('.', 3);
        return
            parts is ["blk", var layer, var module]
            && IsNumber(layer, out _)
            && KeyOf(isFirst ? InFirstLayer : InLayer, module) is { } inLayer
            ? $"{(isFirst ? FirstPrefix + "h." : Layers)}{layer}.{inLayer}"
            : null;
    }

    private static string? KeyOf(Dictionary<string, string> names, string value) => names.FirstOrDefault(entry => entry.Value == value).Key;

    private static string? FirstName(string inner) =>
        OutsideFirst.TryGetValue(inner, out string? outside) ? outside
        : inner.Split('.', 3) is ["h", var layer, var module]
        && IsNumber(layer, out _)
        && InFirstLayer.TryGetValue(module, out string? name)
            ? $"blk.{layer}.{name}"
        : null;

    private static string? NextTokenName(string module) =>
        NextTokenPrefixes.FirstOrDefault(prefix => module.StartsWith(prefix, StringComparison.Ordinal)) is { } prefix
            ? module[prefix.Length..]
            : null;

    private static string? LayerName(bool isHybrid, string module, int first)
    {
        if (!TryLayer(module, out int layer, out string? inLayer))
            return null;

        // What GGUF calls the norm before the feed-forward network differs between the families.
        string? name =
            isHybrid && inLayer == "post_attention_layernorm"
                ? "post_attention_norm"
                : InLayer.GetValueOrDefault(inLayer) ?? ExpertName(inLayer);
        return name is null ? null : $"blk.{(long)first + layer}.{name}";
    }

    /// <summary>Takes "layers.3.self_attn" apart.</summary>
    private static bool TryLayer(string module, out int layer, [NotNullWhen(true)] out string? inLayer)
    {
        (layer, inLayer) = (0, null);
        int dot = module.IndexOf('.', Math.Min(Layers.Length, module.Length));
        if (
            !module.StartsWith(Layers, StringComparison.Ordinal)
            || dot < 0
            || !IsNumber(module.AsSpan(Layers.Length, dot - Layers.Length), out layer))
        {
            return false;
        }

        inLayer = module[(dot + 1)..];
        return true;
    }

    /// <summary>
    /// Each expert has matrices of its own here: "ffn_gate.7" for "mlp.experts.7.gate_proj", as in GGUF before experts were stacked.
    /// </summary>
    private static string? ExpertName(string inLayer)
    {
        const string experts = "mlp.experts.";
        int dot = inLayer.LastIndexOf('.');
        return
            inLayer.StartsWith(experts, StringComparison.Ordinal)
            && dot > experts.Length
            && IsNumber(inLayer.AsSpan(experts.Length, dot - experts.Length), out _)
            && InLayer.TryGetValue("mlp" + inLayer[dot..], out string? name)
            ? $"{name}.{inLayer[experts.Length..dot]}"
            : null;
    }

    private static bool IsNumber(ReadOnlySpan<char> text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number)
        && number < int.MaxValue
        && text.SequenceEqual(number.ToString(CultureInfo.InvariantCulture));
}
