using QwenSharp.Numerics;

namespace QwenSharp.Formats;

/// <summary>
/// An open model in any format, in GGUF's terms: metadata under GGUF's keys, tensors under GGUF's names. Whoever reads a model reads this,
/// so a model is understood in one place, whatever it was stored in.
/// </summary>
/// <param name="path">The file or folder.</param>
/// <param name="metadata">The metadata.</param>
public abstract class Checkpoint(string path, GgufMetadata metadata) : IDisposable
{
    private readonly List<string> _repairs = [];

    /// <summary>The file or folder that was opened.</summary>
    public string Path { get; } = path;

    /// <summary>The metadata.</summary>
    public GgufMetadata Metadata { get; } = metadata;

    /// <summary>The name of the format and its version.</summary>
    public abstract string Format { get; }

    /// <summary>The files with the weights, in order.</summary>
    public abstract IReadOnlyList<string> Files { get; }

    /// <summary>The size of these files in bytes.</summary>
    public abstract long ByteLength { get; }

    /// <summary>All tensors in the file's order.</summary>
    public abstract IReadOnlyCollection<Tensor> Tensors { get; }

    /// <summary>What a reader should know of how the model was opened: weights that had to be decoded or copied, parts left out.</summary>
    public virtual IReadOnlyList<string> Notes => [];

    /// <summary>
    /// What the files say and was read as something else, as it must be meant: a sentence each, for whoever runs the model. It grows while
    /// the model is read.
    /// </summary>
    public IReadOnlyList<string> Repairs
    {
        get
        {
            lock (_repairs)
                return [.. _repairs];
        }
    }

    /// <summary>Adds a sentence to <see cref="Repairs"/>, unless it is there.</summary>
    public void AddRepair(string sentence)
    {
        lock (_repairs)
        {
            if (!_repairs.Contains(sentence))
                _repairs.Add(sentence);
        }
    }

    /// <summary>Bytes of weights that lie in memory of their own, beside the mapped files.</summary>
    public virtual long DecodedBytes => 0;

    /// <summary>
    /// A tensor of <see cref="Tensors"/> with its data, where the checkpoint was opened without decoding; else the tensor itself.
    /// </summary>
    public virtual Tensor Read(Tensor tensor) => tensor;

    /// <summary>
    /// Refuses a model whose settings for generating text are malformed. Whoever samples, or writes the model elsewhere, asks; logits and
    /// tokens do without.
    /// </summary>
    /// <exception cref="HuggingFaceException">They are, in a folder.</exception>
    /// <exception cref="GgufException">They are, in a GGUF file.</exception>
    public virtual void RequireGenerationSettings()
    {
        foreach (SamplingSetting setting in SamplingSetting.All)
        {
            if (setting.TryGet(Metadata, out SamplingReading reading) && reading.Repair is { } repair)
                AddRepair($"{setting.Key} {repair}.");
        }
    }

    /// <summary>
    /// For messages: where the tensor of a GGUF name comes from, or would if it were there, in the words of the files; null where they have
    /// the same
    /// name for it. The shapes in these words begin with the outermost dimension.
    /// </summary>
    public virtual string? OriginOf(string name) => null;

    /// <summary>Unmaps the files. The metadata stays usable; the tensors must not be touched any more.</summary>
    public abstract void Dispose();
}
