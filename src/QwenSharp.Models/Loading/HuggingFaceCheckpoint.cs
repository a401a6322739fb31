using QwenSharp.Formats;
using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// An open folder as Hugging Face's transformers saves it: <c>config.json</c>, safetensors, and what goes with them. It is read in place,
/// in
/// GGUF's terms: the same keys and names that a conversion would write, with no copy of F32, F16 and BF16 matrices.
/// </summary>
public sealed class HuggingFaceCheckpoint : Checkpoint
{
    private readonly SafetensorsModel _files;
    private readonly Dictionary<string, HuggingFaceWeight> _weights;
    private readonly OrderedDictionary<string, Tensor> _tensors;
    private readonly IReadOnlyDictionary<string, SafetensorsTensor> _origins;
    private readonly HuggingFaceException? _generationFault;

    private HuggingFaceCheckpoint(
        string folder,
        OrderedDictionary<string, GgufValue> metadata,
        SafetensorsModel files,
        HuggingFaceWeights weights,
        bool decode,
        IReadOnlyList<string> notes,
        HuggingFaceException? generationFault)
        : base(folder, new GgufMetadata(folder, metadata))
    {
        _files = files;
        _origins = weights.Origins;
        _generationFault = generationFault;
        _weights = new(weights.All.Count);
        foreach (HuggingFaceWeight weight in weights.All)
        {
            if (!_weights.TryAdd(weight.Name, weight))
                throw new ModelLoadException($"{folder}: two tensors have the place of '{weight.Name}'; one is {OriginOf(weight.Name)}.");
        }

        Tensor[] tensors = new Tensor[weights.All.Count];
        Parallel.For(
            0,
            tensors.Length,
            i => tensors[i] = decode || weights.All[i] is not DecodedWeight later ? weights.All[i].Read() : later.Describe());
        _tensors = new(tensors.Select(tensor => KeyValuePair.Create(tensor.Name, tensor)));
        Notes = [.. notes, .. weights.Notes];
        DecodedBytes = weights.All.Sum(weight => weight.DecodedBytes);
    }

    /// <summary>The name of the file that makes a folder a model.</summary>
    public const string ConfigName = "config.json";

    /// <inheritdoc/>
    public override string Format => "Hugging Face, safetensors";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Files => [.. _files.Files.Select(file => file.Path)];

    /// <inheritdoc/>
    public override long ByteLength => _files.Files.Sum(file => file.ByteLength);

    /// <inheritdoc/>
    public override IReadOnlyCollection<Tensor> Tensors => _tensors.Values;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Notes { get; }

    /// <inheritdoc/>
    public override long DecodedBytes { get; }

    /// <summary>
    /// The path of the vocabulary: <c>tokenizer.json</c>, whether it is there or not; or in folders of the first generation
    /// <c>qwen.tiktoken</c>, or where the tokenizer was saved without
    /// the first <c>vocab.json</c>, which goes with <c>merges.txt</c>.
    /// </summary>
    public string TokenizerPath
    {
        get
        {
            string[] paths =
            [
                .. ((string[])["tokenizer.json", "qwen.tiktoken", "vocab.json"]).Select(name => System.IO.Path.Combine(Path, name)),
            ];
            return paths.FirstOrDefault(File.Exists) ?? paths[0];
        }
    }

    /// <summary>Opens a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="decode">
    /// Whether weights in a form that no kernel multiplies are decoded at once. Without, <see cref="Tensors"/> describes them and
    /// <see cref="Read"/> decodes
    /// one at a time: for a look at the model, or to write it in another form.
    /// </param>
    /// <exception cref="HuggingFaceException">A file is missing or malformed.</exception>
    /// <exception cref="SafetensorsException">A file of weights is truncated, damaged or hostile.</exception>
    /// <exception cref="ModelLoadException">The model class, a setting or a tensor is not one that this build runs.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static HuggingFaceCheckpoint Open(string folder, bool decode = true)
    {
        string configPath = System.IO.Path.Combine(folder, ConfigName);
        if (!File.Exists(configPath))
        {
            throw new HuggingFaceException(
                folder,
                $"the folder is no model: it has no {ConfigName}, which stands beside {SafetensorsModel.FileName} or "
                    + $"{SafetensorsModel.IndexName}; "
                    + "for a GGUF model, give the path of the .gguf file");
        }

        HuggingFaceJson json = HuggingFaceJson.Read(configPath);
        if (!SafetensorsModel.IsIn(folder))
        {
            throw new HuggingFaceException(
                folder,
                $"it has neither {SafetensorsModel.FileName} nor {SafetensorsModel.IndexName}; weights in another format must be "
                    + "converted to safetensors first"
            );
        }

        OrderedDictionary<string, GgufValue> metadata = new()
        {
            ["general.architecture"] = Family.Of(json).Architecture,
            ["general.name"] = NameOf(folder),
        };
        SafetensorsModel files = SafetensorsModel.Open(folder);
        try
        {
            HuggingFaceConfig config = HuggingFaceConfig.Read(
                json,
                HuggingFaceNames.NextTokenLayers(files.Tensors.Select(tensor => tensor.Name)),
                metadata);
            HuggingFaceText text = new(folder, json, metadata);
            HuggingFaceException? generation = text.Read();
            IReadOnlyList<string> unknown = config.UnknownSettings();
            string[] notes = [.. config.Remarks];
            if (unknown.Count > 0)
                notes = [.. notes, $"config.json has settings that mean nothing here: {string.Join(", ", unknown)}."];
            if (generation is not null)
                notes = [.. notes, $"The model cannot generate text until this is mended: {generation.Message}"];

            HuggingFaceWeights weights = HuggingFaceWeights.Read(config, files);
            HuggingFaceCheckpoint checkpoint = new(folder, metadata, files, weights, decode, notes, generation);
            foreach (string repair in (IEnumerable<string>)[.. text.Repairs, .. weights.Repairs])
                checkpoint.AddRepair(repair);

            return checkpoint;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override Tensor Read(Tensor tensor) => _weights.TryGetValue(tensor.Name, out HuggingFaceWeight? weight) ? weight.Read() : tensor;

    /// <inheritdoc/>
    public override void RequireGenerationSettings()
    {
        if (_generationFault is { } fault)
            throw fault;

        base.RequireGenerationSettings();
    }

    /// <inheritdoc/>
    public override string? OriginOf(string name)
    {
        if (_origins.TryGetValue(name, out SafetensorsTensor? tensor))
            return $"{tensor} in {tensor.FilePath}";

        int dot = name.LastIndexOf('.');
        return dot > 0 && HuggingFaceNames.ModuleOf(Family.Of(Metadata.GetString("general.architecture")), name[..dot]) is { } module
            ? $"{module}{name[dot..]} in {Path}"
            : null;
    }

    /// <inheritdoc/>
    public override void Dispose() => _files.Dispose();

    /// <summary>
    /// The name of a model: its folder's own; in the cache of Hugging Face's tools, where it is a commit, the repository's.
    /// </summary>
    public static string NameOf(string folder)
    {
        DirectoryInfo directory = new(folder);
        return directory.Parent is { Name: "snapshots", Parent: { } cached } && HuggingFaceCache.RepoOf(cached.Name) is { } repo
            ? repo[(repo.LastIndexOf('/') + 1)..]
            : directory.Name;
    }
}
