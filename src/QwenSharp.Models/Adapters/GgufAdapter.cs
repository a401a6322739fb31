using System.Runtime.InteropServices;
using QwenSharp.Formats;
using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// An adapter as llama.cpp's converter writes it: a GGUF file whose <c>general.type</c> is "adapter" and whose tensors are named after
/// those that
/// they change, with .lora_a, [in, rank], and .lora_b, [rank, out]. Its scale is <c>adapter.lora.alpha</c> / rank, or 1 where α is 0 or
/// missing
/// (https://github.com/ggml-org/llama.cpp/blob/master/src/llama-adapter.cpp).
/// </summary>
internal static class GgufAdapter
{
    private const string TypeKey = "general.type", ArchitectureKey = "general.architecture", NameKey = "general.name";
    private const string KindKey = "adapter.type", AlphaKey = "adapter.lora.alpha";
    private const string DownSuffix = ".lora_a", UpSuffix = ".lora_b";

    /// <summary>What tells people or other programs how to use the adapter.</summary>
    private static readonly string[] Notes = ["adapter.lora.task_name", "adapter.lora.prompt_prefix"];

    /// <exception cref="GgufException">The file is damaged, or no adapter that this build can read.</exception>
    public static LoraAdapter Read(string path, string name)
    {
        using GgufFile file = GgufFile.Open(path);
        GgufMetadata metadata = file.Metadata;
        if (!metadata.TryGetString(TypeKey, out string? type) || type != "adapter")
            throw new GgufException(path, $"it is no adapter: '{TypeKey}' is {(type is null ? "missing" : $"'{type}'")}, not 'adapter'");
        if (metadata.GetString(KindKey) is var kind && kind != "lora")
            throw new GgufException(path, $"'{KindKey}' is '{kind}'; only 'lora' is supported");

        string architecture = metadata.GetString(ArchitectureKey);
        float alpha = metadata.TryGetFloat(AlphaKey, out float stated) ? stated : 0;
        if (metadata.Unconsumed("adapter.").FirstOrDefault(key => !Notes.Contains(key)) is { } unknown)
            throw new GgufException(path, $"the adapter has '{unknown}', which this build does not honour");

        List<LoraPair> pairs = [];
        try
        {
            foreach (Tensor tensor in file.Tensors)
            {
                if (
                    tensor.Name.EndsWith(UpSuffix, StringComparison.Ordinal)
                    && file.TryGetTensor(tensor.Name[..^UpSuffix.Length] + DownSuffix, out _))
                {
                    continue;
                }

                if (!tensor.Name.EndsWith(DownSuffix, StringComparison.Ordinal))
                {
                    throw new GgufException(
                        path,
                        $"tensor '{tensor.Name}' is none of a LoRA pair (NAME{DownSuffix} and NAME{UpSuffix}); other trained parts are "
                            + "not supported"
                    );
                }

                string target = tensor.Name[..^DownSuffix.Length];
                Tensor b = Copy(path, file.GetTensor(target + UpSuffix));
                pairs.Add(new LoraPair(target, Copy(path, tensor), b, alpha == 0 ? b.Columns : null));
            }

            return new LoraAdapter(name, architecture, alpha, pairs);
        }
        catch (ArgumentException wrong)
        {
            throw new GgufException(path, wrong.Message.TrimEnd('.'));
        }
    }

    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(LoraAdapter adapter, string path)
    {
        // One α is all that the format has: that of most pairs, as the plain rule α/rank gives their scale.
        float alpha = adapter.Pairs.CountBy(Alpha).MaxBy(count => count.Value).Key;
        GgufWriter writer = new GgufWriter()
            .Add(ArchitectureKey, adapter.Architecture)
            .Add(TypeKey, "adapter")
            .Add(NameKey, adapter.Name)
            .Add(KindKey, "lora")
            .Add(AlphaKey, alpha);
        foreach (LoraPair pair in adapter.Pairs)
        {
            Add(writer, pair.Target + DownSuffix, pair.A);
            Add(
                writer,
                pair.Target + UpSuffix,
                Alpha(pair) == alpha && alpha != 0 ? pair.B : Multiply(pair.B, adapter.ScaleOf(pair) / (alpha == 0 ? 1 : alpha / pair.Rank))
            );
        }

        writer.Save(path);

        float Alpha(LoraPair pair) => adapter.IsRankStabilized ? adapter.ScaleOf(pair) * pair.Rank : pair.Alpha ?? adapter.Alpha;
    }

    private static void Add(GgufWriter writer, string name, Tensor tensor) =>
        writer.AddTensor(name, tensor.Type, tensor.Shape, stream => stream.Write(tensor.Data));

    /// <summary>
    /// The tensor in memory of its own, quantised ones in F32: adapters are small, and their file may be written again while they are in
    /// use.
    /// </summary>
    private static Tensor Copy(string path, Tensor tensor)
    {
        if (tensor.ElementCount > int.MaxValue / sizeof(float) || !tensor.Type.HasMatrixProduct())
            throw new GgufException(path, $"tensor {tensor} is no matrix of an adapter");

        return tensor.Type is TensorType.F32 or TensorType.F16 or TensorType.BF16
            ? Tensor.Copy(tensor.Name, tensor.Type, tensor.Shape, tensor.Data)
            : Multiply(tensor, 1);
    }

    private static Tensor Multiply(Tensor tensor, float factor)
    {
        float[] values = new float[tensor.ElementCount];
        Quantization.Dequantize(tensor.Type, tensor.Data, values);
        foreach (ref float value in values.AsSpan())
            value *= factor;

        return Tensor.Copy(tensor.Name, TensorType.F32, tensor.Shape, MemoryMarshal.AsBytes<float>(values));
    }
}
