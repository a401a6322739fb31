using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace QwenSharp.Models;

/// <summary>
/// GGUF's names of the modules of a Hugging Face folder: what <see cref="ModuleNames"/> of a family say, wherever the language model sits.
/// </summary>
internal static class HuggingFaceNames
{
    /// <summary>Where the language model sits inside a checkpoint: alone, under a head, or beside an encoder of images.</summary>
    private static readonly string[] Prefixes = ["model.language_model.", "language_model.model.", "language_model.", "model.", ""];

    /// <summary>Encoders of images and sound: another model, which turns what it sees into embeddings.</summary>
    private static readonly string[] Encoders = ["visual.", "model.visual.", "audio_tower.", "thinker.", "talker."];

    /// <summary>Where the blocks sit that draft the token after next.</summary>
    private static readonly string[] NextTokenPrefixes = ["mtp.", "model.mtp."];

    private static readonly Dictionary<string, string> InNextTokenBlock = new()
    {
        ["fc"] = "nextn.eh_proj",
        ["pre_fc_norm_embedding"] = "nextn.enorm",
        ["pre_fc_norm_hidden"] = "nextn.hnorm",
        ["norm"] = "nextn.shared_head_norm",
        ["embed_tokens"] = "nextn.embed_tokens",
    };

    /// <summary>Whether a module belongs to an encoder beside the language model.</summary>
    public static bool IsEncoder(string module) => Encoders.Any(prefix => (module + '.').StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>How many blocks draft the token after next, by the names of a checkpoint's tensors.</summary>
    public static int NextTokenLayers(IEnumerable<string> tensors) =>
        tensors
            .Select(NextTokenName)
            .Select(inner => inner is not null && TryLayer(ModuleNames.Dense, inner, out int layer, out _) ? layer + 1 : 0)
            .DefaultIfEmpty()
            .Max();

    /// <summary>
    /// GGUF's name of a module, such as "blk.3.attn_q" for "model.layers.3.self_attn.q_proj"; null for one that the family does not have.
    /// </summary>
    /// <param name="family">The family.</param>
    /// <param name="layers">The model's layers; its blocks that draft the token after next are counted behind them.</param>
    /// <param name="module">The module.</param>
    public static string? Find(Family family, int layers, string module)
    {
        ModuleNames names = family.Modules;
        if (names.Outside.TryGetValue(module, out string? head))
            return head;
        if (family.IsHybrid && NextTokenName(module) is { } next)
            return InNextTokenBlock.TryGetValue(next, out string? own) ? $"blk.{layers}.{own}" : LayerName(names, next, layers);

        string inner = names.Root.Length == 0
            ? module
            : module[Prefixes.First(prefix => module.StartsWith(prefix, StringComparison.Ordinal)).Length..];
        return names.Outside.TryGetValue(inner, out string? outside) ? outside : LayerName(names, inner, 0);
    }

    /// <summary>
    /// The way back of <see cref="Find"/>: transformers' name of a module, such as "layers.3.self_attn.q_proj" for "blk.3.attn_q"; null
    /// where it has none.
    /// </summary>
    /// <param name="family">The family.</param>
    /// <param name="name">GGUF's name, of a module of a layer or outside of them.</param>
    public static string? ModuleOf(Family family, string name)
    {
        ModuleNames names = family.Modules;
        if (KeyOf(names.Outside, name) is { } outside)
            return outside;

        return name.Split('.', 3) is ["blk", var layer, var module] && IsNumber(layer, out _) && KeyOf(names.InLayer, module) is { } inLayer
            ? $"{names.Layers}{layer}.{inLayer}"
            : null;
    }

    private static string? KeyOf(IReadOnlyDictionary<string, string> names, string value) =>
        names.FirstOrDefault(entry => entry.Value == value).Key;

    private static string? NextTokenName(string module) =>
        NextTokenPrefixes.FirstOrDefault(prefix => module.StartsWith(prefix, StringComparison.Ordinal)) is { } prefix
            ? module[prefix.Length..]
            : null;

    private static string? LayerName(ModuleNames names, string module, int first) =>
        TryLayer(names, module, out int layer, out string? inLayer)
        && (names.InLayer.GetValueOrDefault(inLayer) ?? ExpertName(names, inLayer)) is { } name
            ? $"blk.{(long)first + layer}.{name}"
            : null;

    /// <summary>Takes "layers.3.self_attn" apart.</summary>
    private static bool TryLayer(ModuleNames names, string module, out int layer, [NotNullWhen(true)] out string? inLayer)
    {
        (layer, inLayer) = (0, null);
        string layers = names.Layers;
        int dot = module.IndexOf('.', Math.Min(layers.Length, module.Length));
        if (
            !module.StartsWith(layers, StringComparison.Ordinal)
            || dot < 0
            || !IsNumber(module.AsSpan(layers.Length, dot - layers.Length), out layer))
        {
            return false;
        }

        inLayer = module[(dot + 1)..];
        return true;
    }

    /// <summary>
    /// Each expert has matrices of its own here: "ffn_gate.7" for "mlp.experts.7.gate_proj", as in GGUF before experts were stacked.
    /// </summary>
    private static string? ExpertName(ModuleNames names, string inLayer)
    {
        const string experts = "mlp.experts.";
        int dot = inLayer.LastIndexOf('.');
        return
            inLayer.StartsWith(experts, StringComparison.Ordinal)
            && dot > experts.Length
            && IsNumber(inLayer.AsSpan(experts.Length, dot - experts.Length), out _)
            && names.InLayer.TryGetValue("mlp" + inLayer[dot..], out string? name)
            ? $"{name}.{inLayer[experts.Length..dot]}"
            : null;
    }

    private static bool IsNumber(ReadOnlySpan<char> text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number)
        && number < int.MaxValue
        && text.SequenceEqual(number.ToString(CultureInfo.InvariantCulture));
}
