using QwenSharp.Formats;

namespace QwenSharp.Models;

/// <summary>
/// How the matrices of a folder are quantised: <c>quantization_config</c> in <c>config.json</c>. Matrices that are not, say so by their
/// tensors.
/// </summary>
/// <param name="Layout">How integers are packed; null for floats.</param>
/// <param name="Bits">Bits of an integer.</param>
/// <param name="GroupSize">Inputs that share a scale; 0 or less for all.</param>
/// <param name="BlockRows">Rows of a block of FP8 that share a scale.</param>
/// <param name="BlockColumns">Columns of such a block.</param>
/// <param name="IsSymmetric">Whether the zero point is in the middle, as <c>sym</c> says; null where nothing is said.</param>
internal sealed record HuggingFaceQuantization(
    PackedLayout? Layout, int Bits, int GroupSize, int BlockRows, int BlockColumns, bool? IsSymmetric = null)
{
    /// <exception cref="HuggingFaceException">A setting is missing or cannot be.</exception>
    /// <exception cref="ModelLoadException">The method or a setting is not one that this build reads.</exception>
    public static HuggingFaceQuantization Read(HuggingFaceJson config)
    {
        if (!config.TryGetObject("quantization_config", out HuggingFaceJson? json))
            return new HuggingFaceQuantization(null, 0, 0, 128, 128);

        ModelLoadException Refusal(string name, string supported) =>
            new($"{config.Path}: 'quantization_config.{name}' is {json.Raw(name)}; this build reads {supported}.");
        if (!json.TryGetString("quant_method", out string? method))
        {
            throw json.Fault(
                "quant_method",
                "is missing, as in the form of MLX, which is not supported; this build reads fp8, gptq and awq, and GGUF files");
        }

        if (method == "fp8")
        {
            if (json.TryGetString("fmt", out string? format) && format != "e4m3")
                throw Refusal("fmt", "e4m3");

            int[] block = json.TryGetInt32s("weight_block_size", out int[]? stated)
                ? stated
                : throw json.Fault("weight_block_size", "is missing; FP8 with one scale a tensor is not supported");
            return block is [> 0, > 0]
                ? new HuggingFaceQuantization(null, 8, 0, block[0], block[1])
                : throw json.Fault("weight_block_size", $"is {json.Raw("weight_block_size")}, not two lengths");
        }

        if (method is not ("gptq" or "awq"))
            throw Refusal("quant_method", "fp8, gptq and awq");

        int bits = json.TryGetInt32("bits", out int number) ? number : json.GetInt32("w_bit");
        if (bits != 4 && (bits != 8 || method == "awq"))
            throw Refusal("bits", method == "awq" ? "4" : "4 and 8");

        int group = json.TryGetInt32("group_size", out number) ? number : json.GetInt32("q_group_size");
        if (
            method == "awq"
            && json.TryGetString("version", out string? version)
            && !version.Equals("gemm", StringComparison.OrdinalIgnoreCase))
        {
            throw Refusal("version", "gemm");
        }

        if (json.TryGetString("checkpoint_format", out string? form) && form is not ("gptq" or "gptq_v2"))
            throw Refusal("checkpoint_format", "gptq and gptq_v2");

        return new HuggingFaceQuantization(
            method == "awq" ? PackedLayout.Awq
                : form == "gptq_v2" ? PackedLayout.GptqV2
                : PackedLayout.Gptq,
            bits,
            group,
            0,
            0,
            method == "gptq" && json.TryGetBool("sym", out bool symmetric) ? symmetric : null);
    }
}
