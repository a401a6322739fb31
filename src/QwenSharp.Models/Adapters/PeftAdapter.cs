using QwenSharp.Formats;
using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// An adapter as Hugging Face's PEFT saves it: a folder with <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>, whose tensors
/// are
/// named base_model.model.MODULE.lora_A.weight, [rank, in], and .lora_B.weight, [out, rank]; of an embedding table .lora_embedding_A,
/// [rank, vocabulary], and .lora_embedding_B, [width, rank].
/// </summary>
internal static class PeftAdapter
{
    public const string ConfigName = "adapter_config.json", WeightsName = "adapter_model.safetensors";

    private const string Prefix = "base_model.model.";
    private const string DownSuffix = ".lora_A.weight", UpSuffix = ".lora_B.weight";
    private const string EmbeddingDownSuffix = ".lora_embedding_A", EmbeddingUpSuffix = ".lora_embedding_B";

    /// <exception cref="HuggingFaceException">The configuration is missing or malformed, or has a setting that is not
    /// supported.</exception>
    /// <exception cref="SafetensorsException">The weights are missing, damaged, or not those of pairs.</exception>
    /// <exception cref="ModelLoadException">A tensor has no place in such a model.</exception>
    public static LoraAdapter Read(string folder, string name, ModelConfig model)
    {
        string within = Path.Combine(folder, "adapter");
        if (!File.Exists(Path.Combine(folder, ConfigName)) && File.Exists(Path.Combine(within, ConfigName)))
            throw new HuggingFaceException(Path.Combine(folder, ConfigName), $"the file is missing; {within} has an adapter");

        PeftConfig config = PeftConfig.Read(Path.Combine(folder, ConfigName));
        string path = Path.Combine(folder, WeightsName);
        if (!File.Exists(path))
        {
            throw new SafetensorsException(
                path,
                "the file is missing; an adapter in another format, such as adapter_model.bin, must be saved as safetensors");
        }

        using SafetensorsFile file = SafetensorsFile.Open(path);
        string embedding = HuggingFaceNames.ModuleOf(Family.Of(model.Architecture), "token_embd")!;
        OrderedDictionary<string, (SafetensorsTensor? Down, SafetensorsTensor? Up)> modules = [];
        foreach (SafetensorsTensor tensor in file.Tensors)
        {
            (string module, bool isDown) = Parse(path, tensor, embedding);
            (SafetensorsTensor? down, SafetensorsTensor? up) = modules.GetValueOrDefault(module);
            modules[module] = isDown ? (tensor, up) : (down, tensor);
        }

        List<LoraPair> pairs = [];
        foreach ((string module, (SafetensorsTensor? down, SafetensorsTensor? up)) in modules)
        {
            if (down is null || up is null)
                throw new SafetensorsException(path, $"tensor '{(down ?? up)!.Name}' lacks its other half");

            pairs.AddRange(Pairs(path, config, model, module, down, up));
        }

        try
        {
            return new LoraAdapter(name, model.Architecture, config.Alpha, pairs, config.IsRankStabilized);
        }
        catch (ArgumentException wrong)
        {
            throw new SafetensorsException(path, wrong.Message.TrimEnd('.'));
        }
    }

    /// <summary>transformers' name of the module that a pair changes.</summary>
    /// <exception cref="InvalidDataException">It has none, or has its rows in another order.</exception>
    public static string ModuleOf(LoraAdapter adapter, LoraPair pair)
    {
        string target = pair.Target.EndsWith(".weight", StringComparison.Ordinal) ? pair.Target[..^".weight".Length] : pair.Target;
        Family family = Family.Of(adapter.Architecture);
        bool isRecurrent =
            family.IsHybrid
            && (target.Contains(".ssm_", StringComparison.Ordinal)
                || target.EndsWith(".attn_qkv", StringComparison.Ordinal)
                || target.EndsWith(".attn_gate", StringComparison.Ordinal));
        string? module = isRecurrent ? null : HuggingFaceNames.ModuleOf(family, target);
        if (module is null)
        {
            throw new InvalidDataException(
                $"The adapter '{adapter.Name}' changes '{pair.Target}', which Hugging Face's models of '{adapter.Architecture}' do not "
                    + "have in this form; write it as GGUF."
            );
        }

        // A head stands beside the model, all else inside; and the model beside an encoder of images, where there is one.
        return module == "lm_head" ? module
            : adapter.Architecture.Contains("vl", StringComparison.Ordinal) ? $"model.language_model.{module}"
            : family.Modules.Root + module;
    }

    /// <exception cref="InvalidDataException">A pair cannot be written so.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public static void Write(LoraAdapter adapter, string folder, string baseModelName)
    {
        string[] modules = [.. adapter.Pairs.Select(pair => ModuleOf(adapter, pair))];
        SafetensorsWriter writer = new SafetensorsWriter().AddMetadata("format", "pt");
        foreach ((LoraPair pair, string module) in adapter.Pairs.Zip(modules))
        {
            Add(
                writer,
                Prefix + module + (pair.IsEmbedding ? EmbeddingDownSuffix : DownSuffix),
                pair.IsEmbedding ? Transpose(pair.A) : pair.A);
            Add(writer, Prefix + module + (pair.IsEmbedding ? EmbeddingUpSuffix : UpSuffix), pair.B);
        }

        Directory.CreateDirectory(folder);
        writer.Save(Path.Combine(folder, WeightsName));

        // The configuration comes last: a reader that finds it finds the weights.
        string path = Path.Combine(folder, ConfigName), partial = $"{path}.{Guid.NewGuid():N}.partial";
        try
        {
            using (FileStream stream = new(partial, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                PeftConfig.Write(stream, adapter, modules, baseModelName);
                stream.Flush(flushToDisk: true);
            }

            File.Move(partial, path, overwrite: true);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    private static (string Module, bool IsDown) Parse(string path, SafetensorsTensor tensor, string embedding)
    {
        string name = tensor.Name;
        if (name.StartsWith(Prefix, StringComparison.Ordinal))
        {
            foreach (
                (string suffix, bool isDown) in ((string, bool)[])
                    [(DownSuffix, true), (UpSuffix, false), (EmbeddingDownSuffix, true), (EmbeddingUpSuffix, false)])
            {
                bool isEmbedding = suffix is EmbeddingDownSuffix or EmbeddingUpSuffix;
                if (
                    name.EndsWith(suffix, StringComparison.Ordinal)
                    && name.Length > Prefix.Length + suffix.Length
                    && isEmbedding == name.EndsWith(embedding + suffix, StringComparison.Ordinal))
                {
                    return (name[Prefix.Length..^suffix.Length], isDown);
                }
            }
        }

        throw new SafetensorsException(
            path,
            $"tensor '{name}' is none of a LoRA pair ({Prefix}MODULE{DownSuffix} and {UpSuffix}); other trained parts are not supported");
    }

    private static IEnumerable<LoraPair> Pairs(
        string path,
        PeftConfig config,
        ModelConfig model,
        string module,
        SafetensorsTensor down,
        SafetensorsTensor up)
    {
        string target = HuggingFaceNames.Find(Family.Of(model.Architecture), model.Layers, module) is { } name
            ? $"{name}.weight"
            : throw new ModelLoadException($"{path}: tensor '{down.Name}' has no place in a model of '{model.Architecture}'.");
        Tensor a = Copy(path, target, down), b = Copy(path, target, up);
        if (target == LoraPair.EmbeddingTable)
            a = Transpose(a);

        try
        {
            LoraPair whole = new(target, a, b, config.AlphaOf(module));
            if (whole.Rank != config.RankOf(module))
            {
                throw new SafetensorsException(
                    path,
                    $"tensor '{down.Name}' has the rank {whole.Rank}; {ConfigName} says {config.RankOf(module)}");
            }

            return model.Recurrent is { } recurrent ? Arrange(new HuggingFaceRecurrent(recurrent.Shape), whole) : [whole];
        }
        catch (ArgumentException wrong)
        {
            throw new SafetensorsException(path, $"'{module}': {wrong.Message.TrimEnd('.')}");
        }
    }

    /// <summary>
    /// Inputs and outputs of recurrent layers in GGUF's order, which moves rows of B, and of one matrix the columns of A.
    /// </summary>
    private static IEnumerable<LoraPair> Arrange(HuggingFaceRecurrent order, LoraPair pair) =>
        pair.Target.EndsWith(".ssm_out.weight", StringComparison.Ordinal)
            ? [.. order.Arrange(new MappedWeight(pair.A)).Select(a => new LoraPair(pair.Target, a.Read(), pair.B, pair.Alpha))]
            : [.. order.Arrange(new MappedWeight(pair.B)).Select(b => new LoraPair(b.Name, pair.A, b.Read(), pair.Alpha))];

    /// <summary>The tensor in memory of its own: adapters are small, and their file may be written again while they are in use.</summary>
    private static Tensor Copy(string path, string target, SafetensorsTensor tensor)
    {
        TensorType type = tensor.Type switch
        {
            SafetensorsType.F32 => TensorType.F32,
            SafetensorsType.F16 => TensorType.F16,
            SafetensorsType.BF16 => TensorType.BF16,
            _ => throw new SafetensorsException(path, $"tensor '{tensor.Name}' is {tensor.Type}; F32, F16 and BF16 are supported"),
        };
        if (tensor.ByteLength > int.MaxValue || tensor.Shape.Length != 2)
            throw new SafetensorsException(path, $"tensor {tensor} is no matrix of an adapter");

        return Tensor.Copy(target, type, [tensor.Shape[1], tensor.Shape[0]], tensor.Bytes(0, (int)tensor.ByteLength));
    }

    private static void Add(SafetensorsWriter writer, string name, Tensor tensor) =>
        writer.Add(name, Enum.Parse<SafetensorsType>(tensor.Type.ToString()), [tensor.Rows, tensor.Columns], tensor.Data.ToArray());

    private static Tensor Transpose(Tensor matrix)
    {
        int size = matrix.Type.BlockBytes(), rows = matrix.Rows, columns = matrix.Columns;
        ReadOnlySpan<byte> from = matrix.Data;
        byte[] to = new byte[from.Length];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
                from.Slice(((row * columns) + column) * size, size).CopyTo(to.AsSpan(((column * rows) + row) * size));
        }

        return Tensor.Copy(matrix.Name, matrix.Type, [rows, columns], to);
    }
}
