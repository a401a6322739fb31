using System.IO.Enumeration;
using QwenSharp.Checkpoints;
using QwenSharp.Faults;
using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp;

/// <summary>
/// Writes a model as GGUF, with the names, the metadata and the choice of types that llama.cpp's tools have, so that it runs there as here:
/// a Hugging Face folder converted, any model quantised, an adapter merged. Tensor by tensor, so that memory stays bounded; the file
/// appears when it is complete.
/// </summary>
public static class ModelWriter
{
    /// <summary>Writes a model.</summary>
    /// <param name="model">The model; opened without decoding, it is decoded tensor by tensor.</param>
    /// <param name="path">The file; one of the same name is replaced.</param>
    /// <param name="options">Types and threads; null for a plain conversion.</param>
    /// <param name="progress">Told of each tensor before it is written.</param>
    /// <param name="cancellationToken">Ends the work; nothing is left behind.</param>
    /// <exception cref="ModelLoadException">The model is not one that this build runs, so that nobody knows how to write it; or the adapter
    /// does not fit it.</exception>
    /// <exception cref="ArgumentException">An exception from the mix fits no tensor or its tensor's shape, a matrix is quantised already,
    /// or the adapter changes one of a type that cannot be written.</exception>
    /// <exception cref="InvalidDataException">A folder has no tokenizer, the importance matrix is another model's, or a weight is not
    /// finite.</exception>
    /// <exception cref="IOException">The disk is full, or the file cannot be written.</exception>
    public static void Save(
        Checkpoint model,
        string path,
        ModelWriterOptions? options = null,
        IProgress<ModelWriterProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new ModelWriterOptions();
        LanguageModel weights = LanguageModel.Load(model);
        if (options.Adapter is { } adapter)
            weights.Fit(adapter);

        ModelConfig config = weights.Config;
        RequireImportanceOf(model, config, options.Importance);
        (TargetTensor Tensor, TensorType Type)[] targets = Choose(model, config, options);
        long all = targets.Sum(target => target.Type.Bytes(target.Tensor.Shape.Aggregate(1L, (product, length) => product * length))),
            done = 0;
        RequireSpace(path, all);

        GgufWriter writer = new();
        ModelMetadata.Write(
            model,
            config,
            writer,
            options,
            targets
                .GroupBy(target => target.Type)
                .MaxBy(group => group.Sum(target => target.Tensor.Shape.Aggregate(1L, (product, length) => product * length)))!
                .Key);
        TensorConverter converter = new(model, options, cancellationToken);
        foreach ((TargetTensor tensor, TensorType type) in targets)
        {
            writer.AddTensor(tensor.Name, type, tensor.Shape, stream =>
            {
                progress?.Report(new ModelWriterProgress(tensor.Name, type, done, all));
                long start = stream.Position;
                converter.Write(tensor, type, stream);
                done += stream.Position - start;
            });
        }

        writer.Save(path);
        progress?.Report(new ModelWriterProgress("", default, done, all));
    }

    /// <summary>
    /// A matrix of other layers was measured on another model, whatever its lengths. A head that is tied here may have been one of its own
    /// there.
    /// </summary>
    private static void RequireImportanceOf(Checkpoint model, ModelConfig config, ImportanceMatrix? importance)
    {
        if (importance is null)
            return;

        HashSet<string> names = [.. TargetTensor.Of(LanguageModel.TensorsOf(model, config)).Select(tensor => tensor.Name)];
        if (
            importance.Names.FirstOrDefault(name => name.StartsWith("blk.", StringComparison.Ordinal) && !names.Contains(name)) is
            { } unknown)
        {
            throw new InvalidDataException(
                $"The importance matrix has '{unknown}', and {model.Path} has no such tensor: it was made with another model.");
        }
    }

    /// <summary>Says so at once where the disk cannot hold a file.</summary>
    internal static void RequireSpace(string path, long bytes)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"{path}: the folder {folder} does not exist.");

        long free = new DriveInfo(folder).AvailableFreeSpace;
        if (free < bytes)
        {
            throw new IOException(
                $"{path}: the disk is too full: the file takes {(bytes + (1 << 20) - 1) >> 20} MiB, and less is free: {free >> 10} KiB.");
        }
    }

    private static (TargetTensor, TensorType)[] Choose(Checkpoint model, ModelConfig config, ModelWriterOptions options)
    {
        List<(TargetTensor, TensorType)> targets = [];
        HashSet<string> used = [];
        foreach (TargetTensor tensor in TargetTensor.Of(LanguageModel.TensorsOf(model, config)))
        {
            TensorType type = TypeOf(tensor, config, options);
            foreach ((string name, TensorType exception) in options.Exceptions)
            {
                if (!FileSystemName.MatchesSimpleExpression(name, tensor.Name, ignoreCase: false))
                    continue;
                if (tensor.Dimensions < 2 && exception != TensorType.F32)
                {
                    // A pattern means the matrices among those that it fits.
                    if (name.AsSpan().ContainsAny('*', '?'))
                        continue;

                    throw new ArgumentException($"'{tensor.Name}' is a vector, which stays F32.", nameof(options));
                }

                if (!exception.CanQuantize() || tensor.Shape[0] % exception.BlockLength() != 0)
                {
                    string reason = exception.CanQuantize()
                        ? $"its rows of {tensor.Shape[0]} do not fill blocks of {exception.BlockLength()}"
                        : "this build cannot write that type";
                    throw new ArgumentException($"'{tensor.Name}' cannot be {exception}: {reason}.", nameof(options));
                }

                type = exception;
                used.Add(name);
                break;
            }

            if (tensor.SourceType != type && tensor.SourceType.BlockLength() > 1 && !options.AllowsRequantization)
            {
                throw new OptionException(new OptionFault(
                    FaultKind.Conflict,
                    nameof(options.AllowsRequantization),
                    $"'{tensor.Name}' is {tensor.SourceType} already; quantised again to {type} it loses twice. Begin with F16, BF16 or "
                        + $"F32, or allow it ({new OptionName(nameof(options.AllowsRequantization))})."));
            }

            if (options.Adapter?.Find(tensor.Name) is not null)
                RequireMergeable(model, tensor, type, options);

            targets.Add((tensor, type));
        }

        if (options.Exceptions.FirstOrDefault(exception => !used.Contains(exception.Tensor)) is { Tensor: { } unused })
            throw new ArgumentException($"No matrix fits '{unused}', or an exception before it has taken them all.", nameof(options));

        return [.. targets];
    }

    private static void RequireMergeable(Checkpoint model, TargetTensor tensor, TensorType type, ModelWriterOptions options)
    {
        string scale = Path.ChangeExtension(tensor.Name, ".scale");
        if (model.Tensors.Any(other => other.Name == scale))
        {
            throw new ArgumentException(
                $"'{tensor.Name}' has a scale of its own, '{scale}'; nothing can be added to such a matrix.",
                nameof(options));
        }

        if (!type.CanQuantize())
        {
            throw new OptionException(new OptionFault(
                FaultKind.Missing,
                nameof(options.Mix),
                $"'{tensor.Name}' is {type}, which this build cannot write; choose a type for the merged model "
                    + $"({new OptionName(nameof(options.Mix))})."));
        }
    }

    private static TensorType TypeOf(TargetTensor tensor, ModelConfig config, ModelWriterOptions options)
    {
        // What mixes are not about is small and sensitive.
        if (!WeightMix.Applies(tensor.Name, tensor.Dimensions))
            return tensor.SourceType is TensorType.F16 or TensorType.BF16 ? TensorType.F32 : tensor.SourceType;

        return options.Mix?.TypeOf(config, tensor.Name, tensor.Shape[0], options.Importance is not null) ?? tensor.SourceType;
    }
}
