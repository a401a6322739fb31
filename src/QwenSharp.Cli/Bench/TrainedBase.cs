using QwenSharp.Cli.Options;
using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Training;

namespace QwenSharp.Cli.Bench;

/// <summary>What a step of training is measured on: a shape, or a file's model, and what of it is trained.</summary>
internal sealed class TrainedBase : IDisposable
{
    /// <summary>Every weight, in F32.</summary>
    public const string Full = "full";

    /// <summary>Adapters beside frozen weights in floats.</summary>
    public const string Lora = "lora";

    /// <summary>Adapters beside frozen, quantised weights.</summary>
    public const string QLora = "qlora";

    /// <summary>All methods.</summary>
    public static readonly string[] Methods = [Full, Lora, QLora];

    private readonly Checkpoint? _file;
    private readonly Func<LoraOptions?, TrainableModel> _open;

    private TrainedBase(
        string name,
        string method,
        string type,
        ModelConfig config,
        IReadOnlyCollection<Tensor> weights,
        Func<LoraOptions?, TrainableModel> open,
        Checkpoint? file)
    {
        (Name, Method, Type, Config, _open, _file) = (name, method, type, config, open, file);
        Parameters = weights.Sum(weight => weight.ElementCount);
        WeightBytes = file is null && method == Full ? 0 : weights.Sum(weight => weight.ByteLength);
    }

    /// <summary>File or shape.</summary>
    public string Name { get; }

    /// <summary>One of <see cref="Methods"/>.</summary>
    public string Method { get; }

    /// <summary>The type of the weights that products read.</summary>
    public string Type { get; }

    /// <summary>The model's shape.</summary>
    public ModelConfig Config { get; }

    /// <summary>Elements of the model's weights.</summary>
    public long Parameters { get; }

    /// <summary>Bytes of the weights that lie beside those that are trained: frozen ones, or a file's that were copied.</summary>
    public long WeightBytes { get; }

    /// <summary>A shape with random weights.</summary>
    /// <param name="shape">Its name.</param>
    /// <param name="method">What is trained.</param>
    /// <param name="type">The type of frozen weights; null for BF16, or Q4_K_M with <see cref="QLora"/>.</param>
    /// <exception cref="UsageException">There is no such shape or type, or the type is not one of the method.</exception>
    /// <exception cref="ModelLoadException">Models of this kind cannot be trained.</exception>
    public static TrainedBase OfShape(string shape, string method, string? type)
    {
        (ModelConfig config, WeightMix mix) = ShapeArguments.Find(shape, type ?? (method == QLora ? "q4_k_m" : "bf16"));
        TrainableModel.RequireTrainable(config);
        if (method != Full && IsQuantized(mix.Bulk) != (method == QLora))
        {
            throw new UsageException(
                $"--type {mix.Name} is {(method == QLora ? "not quantised: that is --train lora" : "quantised: that is --train qlora")}.");
        }

        IReadOnlyList<Tensor> described = DescribedWeights.Of(config, mix);
        return new TrainedBase(
            shape,
            method,
            method == Full ? "f32" : mix.Name,
            config,
            described,
            lora =>
                lora is null
                    ? TrainableModel.Create(config, seed: 1)
                    : TrainableModel.Adapt(config, RandomWeights.Create(config, mix), lora, seed: 1),
            file: null);
    }

    /// <summary>A file's model.</summary>
    /// <param name="path">A GGUF file or a Hugging Face folder.</param>
    /// <param name="method">What is trained; null to tell <see cref="Lora"/> from <see cref="QLora"/> by the weights.</param>
    /// <exception cref="UsageException">The weights are not of a type for the method.</exception>
    /// <exception cref="ModelLoadException">It is no model, or none that can be trained.</exception>
    public static TrainedBase OfFile(string path, string? method)
    {
        Checkpoint file = ModelFiles.Open(path);
        try
        {
            bool isQuantized = file.Tensors.Any(tensor => IsQuantized(tensor.Type));
            method ??= isQuantized ? QLora : Lora;
            if (method != Full && isQuantized != (method == QLora))
            {
                throw new UsageException(
                    $"The weights of {path} are "
                        + $"{(isQuantized ? "quantised: that is --train qlora" : "not quantised: that is --train lora")}."
                );
            }

            ModelConfig config = LanguageModel.Load(file).Config;
            TrainableModel.RequireTrainable(config);
            string types = string.Join(
                " + ",
                CheckpointSummary
                    .Of(file)
                    .Types.Where(type => type.Type != TensorType.F32 || type.Bytes > file.ByteLength / 2)
                    .Select(type => type.Type));
            return new TrainedBase(
                Path.GetFileName(Path.TrimEndingDirectorySeparator(path)),
                method,
                method == Full ? "f32" : types,
                config,
                file.Tensors,
                lora =>
                    lora is null ? TrainableModel.Copy(config, file.Tensors) : TrainableModel.Adapt(config, file.Tensors, lora, seed: 1),
                file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static bool IsQuantized(TensorType type) => type.BlockLength() > 1;

    /// <summary>Makes the model.</summary>
    /// <param name="lora">The adapters; null to train all weights.</param>
    public TrainableModel Open(LoraOptions? lora) => _open(lora);

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();
}
