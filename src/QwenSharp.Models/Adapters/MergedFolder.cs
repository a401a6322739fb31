using QwenSharp.Formats;
using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// Writes a Hugging Face folder with an adapter added to its weights, each matrix in the type that it has. Everything else is copied.
/// </summary>
public static class MergedFolder
{
    // Configuration, tokenizer, template; weights in other formats would be those of the model without the adapter.
    private static readonly string[] CopiedExtensions = [".json", ".jinja", ".txt", ".model", ".tiktoken"];

    private const int SlabBytes = 16 << 20;

    /// <summary>Writes a folder.</summary>
    /// <param name="model">The base model: a Hugging Face folder.</param>
    /// <param name="adapter">The adapter.</param>
    /// <param name="folder">The new folder, which appears when it is complete; an empty one may be there.</param>
    /// <param name="progress">Told the bytes of weights that were written, and of all.</param>
    /// <param name="cancellationToken">Ends the work; nothing is left behind.</param>
    /// <exception cref="ModelLoadException">The adapter does not fit the model.</exception>
    /// <exception cref="InvalidDataException">The model is no folder, or a matrix that changes is stored in another way than as a plain
    /// F32, F16 or BF16 one.</exception>
    /// <exception cref="IOException">The folder is there already, or a file cannot be read or written.</exception>
    public static void Save(
        Checkpoint model,
        LoraAdapter adapter,
        string folder,
        IProgress<(long Done, long All)>? progress = null,
        CancellationToken cancellationToken = default)
    {
        if (model is not HuggingFaceCheckpoint source)
        {
            throw new InvalidDataException(
                $"{model.Path} is no Hugging Face folder, and has no tokenizer.json for a new one; write a .gguf file.");
        }

        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
            throw new IOException($"{folder} is there already, and not an empty folder; name another.");

        LanguageModel weights = LanguageModel.Load(model);
        weights.Fit(adapter);
        foreach (LoraPair pair in adapter.Pairs)
            PeftAdapter.ModuleOf(adapter, pair);

        string partial = $"{Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))}.{Guid.NewGuid():N}.partial";
        try
        {
            Directory.CreateDirectory(partial);
            using (SafetensorsModel files = SafetensorsModel.Open(source.Path))
            {
                Write(files, weights.Config, adapter, partial, progress, cancellationToken);
                foreach (
                    string path in Directory
                        .EnumerateFiles(source.Path)
                        .Where(path => CopiedExtensions.Contains(Path.GetExtension(path)) && IsKept(Path.GetFileName(path), files)))
                {
                    File.Copy(path, Path.Combine(partial, Path.GetFileName(path)));
                }
            }

            if (Directory.Exists(folder))
                Directory.Delete(folder);

            Directory.Move(partial, folder);
        }
        finally
        {
            if (Directory.Exists(partial))
                Directory.Delete(partial, recursive: true);
        }
    }

    private static void Write(
        SafetensorsModel files,
        ModelConfig config,
        LoraAdapter adapter,
        string folder,
        IProgress<(long, long)>? progress,
        CancellationToken cancellationToken)
    {
        Family family = Family.Of(config.Architecture);
        HashSet<LoraPair> left = [.. adapter.Pairs];
        long done = 0, all = files.Tensors.Sum(tensor => tensor.ByteLength);
        List<(string Name, SafetensorsWriter Writer)> writers = [];
        foreach (SafetensorsFile file in files.Files)
        {
            SafetensorsWriter writer = new();
            foreach ((string key, string value) in file.Metadata)
                writer.AddMetadata(key, value);
            foreach (SafetensorsTensor tensor in file.Tensors)
            {
                LoraPair? pair = PairOf(tensor.Name);
                LoraDelta? delta = pair is null ? null : new LoraDelta(adapter, pair);
                if (pair is not null && !left.Remove(pair))
                    throw new InvalidDataException($"'{pair.Target}' stands twice in the folder.");

                writer.Add(tensor.Name, tensor.Type, tensor.Shape, stream =>
                {
                    Copy(tensor, delta, stream, cancellationToken);
                    progress?.Report((done += tensor.ByteLength, all));
                });
            }

            writers.Add((Path.GetFileName(file.Path), writer));
        }

        if (left.Count > 0)
        {
            throw new InvalidDataException(
                $"'{left.First().Target}' is stored in another way than as a matrix of its own; write a .gguf file.");
        }

        foreach ((string name, SafetensorsWriter writer) in writers)
            writer.Save(Path.Combine(folder, name));

        LoraPair? PairOf(string tensor) =>
            tensor.EndsWith(".weight", StringComparison.Ordinal)
            && !HuggingFaceNames.IsEncoder(tensor)
            && HuggingFaceNames.Find(family, config.Layers, tensor[..^".weight".Length]) is { } name
                ? adapter.Find($"{name}.weight")
                : null;
    }

    private static void Copy(SafetensorsTensor tensor, LoraDelta? delta, Stream stream, CancellationToken cancellationToken)
    {
        if (delta is null)
        {
            for (long at = 0; at < tensor.ByteLength; at += SlabBytes)
            {
                cancellationToken.ThrowIfCancellationRequested();
                stream.Write(tensor.Bytes(at, (int)Math.Min(SlabBytes, tensor.ByteLength - at)));
            }

            return;
        }

        TensorType type = tensor.Type switch
        {
            SafetensorsType.F32 => TensorType.F32,
            SafetensorsType.F16 => TensorType.F16,
            SafetensorsType.BF16 => TensorType.BF16,
            _ => throw new InvalidDataException(
                $"{tensor.FilePath}: tensor '{tensor.Name}' is {tensor.Type}, to which nothing can be added; write a .gguf file."),
        };
        int rowBytes = checked((int)type.Bytes(delta.Columns));
        float[] values = new float[delta.Columns];
        byte[] data = new byte[rowBytes];
        for (int row = 0; row < delta.Rows; row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Quantization.Dequantize(type, tensor.Bytes((long)row * rowBytes, rowBytes), values);
            delta.AddTo(row, values);
            Quantization.Quantize(type, values, data);
            stream.Write(data);
        }
    }

    // An index beside a single file is another model's, or an old one's.
    private static bool IsKept(string name, SafetensorsModel files) =>
        name is not (PeftAdapter.ConfigName or SafetensorsModel.IndexName)
        || (name == SafetensorsModel.IndexName && Path.GetFileName(files.Files[0].Path) != SafetensorsModel.FileName);
}
