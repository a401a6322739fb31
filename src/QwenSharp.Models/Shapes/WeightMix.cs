using System.Globalization;
using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// Which type each matrix of a model has, by the field's names (the files that llama.cpp's quantiser calls Q4_K_M and so on; the choices
/// are its own).
/// Norms, biases, convolutions and the routers of experts are F32 in all of them.
/// </summary>
/// <param name="Name">The name, in lower case.</param>
/// <param name="Bulk">The type of most matrices.</param>
/// <param name="FileType">The number of the mix in <c>general.file_type</c>.</param>
public sealed record WeightMix(string Name, TensorType Bulk, int FileType)
{
    /// <summary>The mixes of this build.</summary>
    public static IReadOnlyList<WeightMix> All { get; } =
    [
        new("f32", TensorType.F32, 0),
        new("f16", TensorType.F16, 1),
        new("bf16", TensorType.BF16, 32),
        new("q8_0", TensorType.Q8_0, 7),
        new("q4_0", TensorType.Q4_0, 2),
        new("q4_1", TensorType.Q4_1, 3),
        new("q5_0", TensorType.Q5_0, 8),
        new("q5_1", TensorType.Q5_1, 9),
        new("q2_k", TensorType.Q2_K, 10),
        new("q3_k_s", TensorType.Q3_K, 11),
        new("q3_k_m", TensorType.Q3_K, 12),
        new("q3_k_l", TensorType.Q3_K, 13),
        new("q4_k_s", TensorType.Q4_K, 14),
        new("q4_k_m", TensorType.Q4_K, 15),
        new("q5_k_s", TensorType.Q5_K, 16),
        new("q5_k_m", TensorType.Q5_K, 17),
        new("q6_k", TensorType.Q6_K, 18),
        new("iq4_nl", TensorType.IQ4_NL, 25),
        new("iq4_xs", TensorType.IQ4_XS, 30),
    ];

    /// <summary>A mix by its name, in any case.</summary>
    /// <exception cref="ArgumentException">There is none of that name; the message lists them.</exception>
    public static WeightMix Find(string name) =>
        All.FirstOrDefault(mix => string.Equals(mix.Name, name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException(
            $"There is no weight type '{name}'; there are {string.Join(", ", All.Select(mix => mix.Name))}.",
            nameof(name));

    /// <summary>Whether a tensor is one that mixes are about: a matrix, and none that routes, normalises or convolves.</summary>
    /// <param name="tensor">Its GGUF name.</param>
    /// <param name="dimensions">How many dimensions it has that are longer than 1.</param>
    public static bool Applies(string tensor, int dimensions) =>
        dimensions >= 2
        && tensor.EndsWith(".weight", StringComparison.Ordinal)
        && !tensor.EndsWith("_norm.weight", StringComparison.Ordinal)
        && !tensor.Contains(".ffn_gate_inp", StringComparison.Ordinal)
        && !tensor.Contains(".ssm_conv1d", StringComparison.Ordinal);

    /// <summary>The type of a matrix.</summary>
    /// <param name="config">The model.</param>
    /// <param name="tensor">Its GGUF name.</param>
    /// <param name="columns">Elements of a row.</param>
    /// <param name="hasImportance">Whether the model is quantised with an importance matrix.</param>
    public TensorType TypeOf(ModelConfig config, string tensor, long columns, bool hasImportance = false)
    {
        if (!Applies(tensor, dimensions: 2))
            return TensorType.F32;
        if (Bulk.BlockLength() == 1)
            return Bulk;

        // The head decides every token; an embedding table may serve as one.
        if (tensor == "output.weight" || (tensor == "token_embd.weight" && config.HasTiedHead))
            return Fit(Bulk == TensorType.Q8_0 || columns % Bulk.BlockLength() != 0 ? TensorType.Q8_0 : TensorType.Q6_K, columns);
        if (!tensor.StartsWith("blk.", StringComparison.Ordinal))
            return Fit(Bulk, columns);

        int dot = tensor.IndexOf('.', 4), layer = int.Parse(tensor.AsSpan(4, dot - 4), NumberStyles.None, CultureInfo.InvariantCulture);
        int layers = config.Layers + config.NextTokenLayers;
        string module = tensor[(dot + 1)..^".weight".Length];
        return Fit(module switch
        {
            "attn_v" or "attn_qkv" => OfValues(config, layer, layers),
            "attn_k" => config.Experts is { Count: 8 } ? TensorType.Q8_0 : Bulk,
            "attn_output" => OfAttentionOutput(config),
            _ when module.StartsWith("ffn_down", StringComparison.Ordinal) => OfWayDown(layer, layers, hasImportance),
            _ => Bulk,
        }, columns);
    }

    /// <summary>Attention's values: small where heads share them, and what every token takes over from others.</summary>
    private TensorType OfValues(ModelConfig config, int layer, int layers)
    {
        bool isShared = config.Heads / config.KvHeads >= 4;
        if (config.Experts is { Count: 8 })
            return TensorType.Q8_0;

        TensorType type = Name switch
        {
            "q2_k" => isShared ? TensorType.Q4_K : TensorType.Q3_K,
            "q3_k_m" => layer < 2 ? TensorType.Q5_K : TensorType.Q4_K,
            "q3_k_l" => TensorType.Q5_K,
            "iq4_nl" or "iq4_xs" when isShared => TensorType.Q5_K,
            "q4_k_m" or "q5_k_m" when UsesMore(layer, layers) => TensorType.Q6_K,
            "q4_k_s" when layer < 4 => TensorType.Q5_K,
            _ => Bulk,
        };

        // Qwen2's 72B.
        return config is { Architecture: "qwen2", Layers: 80 } && type is TensorType.Q3_K or TensorType.Q4_K ? TensorType.Q5_K : type;
    }

    private TensorType OfAttentionOutput(ModelConfig config) => config.Experts is { Count: 8 }
        ? Name is "q2_k" or "q3_k_s" or "q3_k_m" or "q4_k_s" or "q4_k_m" or "iq4_nl" or "iq4_xs" ? TensorType.Q5_K : Bulk
        : Name switch
        {
            "q2_k" => TensorType.Q3_K,
            "q3_k_m" => TensorType.Q4_K,
            "q3_k_l" => TensorType.Q5_K,
            _ => Bulk,
        };

    /// <summary>The feed-forward network's way down, whose inputs have the widest range.</summary>
    private TensorType OfWayDown(int layer, int layers, bool hasImportance) => Name switch
    {
        "q2_k" => TensorType.Q3_K,
        "q3_k_m" => layer < layers / 16 ? TensorType.Q5_K : TensorType.Q4_K,
        "q3_k_l" => TensorType.Q5_K,
        "q4_k_m" or "q5_k_m" when UsesMore(layer, layers) => TensorType.Q6_K,
        "q4_k_s" when layer < layers / 8 => TensorType.Q5_K,
        "iq4_nl" or "iq4_xs" when layer < layers / 8 && !hasImportance => TensorType.Q5_K,
        "q4_0" when layer < layers / 8 && hasImportance => TensorType.Q4_1,
        "q5_0" when layer < layers / 8 && hasImportance => TensorType.Q5_1,
        _ => Bulk,
    };

    // The first and the last eighth of the layers, and every third between.
    private static bool UsesMore(int layer, int layers) => layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;

    // Rows that do not fill super-blocks of 256 take a type with blocks of 32, and those that do not fill these F16.
    private static TensorType Fit(TensorType type, long columns)
    {
        if (columns % type.BlockLength() == 0)
            return type;

        return columns % 32 != 0 ? TensorType.F16 : type switch
        {
            TensorType.Q2_K or TensorType.Q3_K => TensorType.Q4_0,
            TensorType.Q4_K => TensorType.Q5_0,
            TensorType.Q5_K => TensorType.Q5_1,
            TensorType.IQ4_XS => TensorType.IQ4_NL,
            _ => TensorType.Q8_0,
        };
    }
}
