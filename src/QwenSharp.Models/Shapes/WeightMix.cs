using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// Which type each matrix of a model has, by the field's names (the files that llama.cpp's quantiser calls Q4_K_M and so on).
/// Norms, biases and the routers of experts are F32 in all of them.
/// </summary>
/// <param name="Name">The name, in lower case.</param>
/// <param name="Bulk">The type of most matrices.</param>
/// <param name="Head">The type of the output head, and of an embedding table that serves as one.</param>
/// <param name="More">The type of the most sensitive matrices: attention's values and the feed-forward network's way down, in some layers.</param>
/// <param name="FileType">The number of the mix in <c>general.file_type</c>.</param>
public sealed record WeightMix(string Name, TensorType Bulk, TensorType Head, TensorType More, int FileType)
{
    /// <summary>The mixes of this build.</summary>
    public static IReadOnlyList<WeightMix> All { get; } =
    [
        new("f32", TensorType.F32, TensorType.F32, TensorType.F32, 0),
        new("f16", TensorType.F16, TensorType.F16, TensorType.F16, 1),
        new("bf16", TensorType.BF16, TensorType.BF16, TensorType.BF16, 32),
        new("q8_0", TensorType.Q8_0, TensorType.Q8_0, TensorType.Q8_0, 7),
        new("q4_0", TensorType.Q4_0, TensorType.Q6_K, TensorType.Q4_0, 2),
        new("q4_1", TensorType.Q4_1, TensorType.Q6_K, TensorType.Q4_1, 3),
        new("q5_0", TensorType.Q5_0, TensorType.Q6_K, TensorType.Q5_0, 8),
        new("q5_1", TensorType.Q5_1, TensorType.Q6_K, TensorType.Q5_1, 9),
        new("q4_k_m", TensorType.Q4_K, TensorType.Q6_K, TensorType.Q6_K, 15),
        new("q5_k_m", TensorType.Q5_K, TensorType.Q6_K, TensorType.Q6_K, 17),
        new("q6_k", TensorType.Q6_K, TensorType.Q6_K, TensorType.Q6_K, 18),
    ];

    /// <summary>A mix by its name, in any case.</summary>
    /// <exception cref="ArgumentException">There is none of that name; the message lists them.</exception>
    public static WeightMix Find(string name) => All.FirstOrDefault(mix => string.Equals(mix.Name, name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"There is no weight type '{name}'; there are {string.Join(", ", All.Select(mix => mix.Name))}.", nameof(name));

    /// <summary>The type of a matrix.</summary>
    /// <param name="config">The model.</param>
    /// <param name="tensor">Its GGUF name.</param>
    /// <param name="columns">Elements of a row.</param>
    public TensorType TypeOf(ModelConfig config, string tensor, long columns)
    {
        TensorType type = tensor switch
        {
            "output.weight" => Head,
            "token_embd.weight" => config.HasTiedHead ? Head : Bulk,
            _ when tensor.Contains(".ffn_gate_inp", StringComparison.Ordinal) => TensorType.F32,
            _ when tensor.Contains(".ffn_down", StringComparison.Ordinal) => UsesMore(config, tensor) ? More : Bulk,
            _ when tensor.EndsWith(".attn_v.weight", StringComparison.Ordinal) || tensor.EndsWith(".attn_qkv.weight", StringComparison.Ordinal) =>
                UsesMore(config, tensor) ? More : Bulk == TensorType.Q4_K && config.Layers == 80 ? TensorType.Q5_K : Bulk,
            _ => Bulk,
        };
        return columns % type.BlockLength() == 0 ? type : Fallback(type, columns);
    }

    // The first and the last eighth of the layers, and every third between.
    private static bool UsesMore(ModelConfig config, string tensor)
    {
        int layer = int.Parse(tensor.AsSpan(4, tensor.IndexOf('.', 4) - 4), System.Globalization.CultureInfo.InvariantCulture), layers = config.Layers;
        return layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
    }

    // Rows that do not fill super-blocks of 256 take the next larger type with blocks of 32.
    private static TensorType Fallback(TensorType type, long columns) => columns % 32 != 0 ? TensorType.F16 : type switch
    {
        TensorType.Q4_K => TensorType.Q5_0,
        TensorType.Q5_K => TensorType.Q5_1,
        _ => TensorType.Q8_0,
    };
}
