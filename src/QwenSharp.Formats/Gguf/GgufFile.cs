using System.Diagnostics.CodeAnalysis;
using QwenSharp.Numerics;

namespace QwenSharp.Formats;

/// <summary>
/// An open GGUF model: metadata and named tensors (versions 2 and 3, little-endian). The tensors are views of the mapped file, never
/// copies.
/// A model that is split over <c>NAME-00001-of-0000N.gguf</c> files opens as one, whichever of them is given.
/// The metadata keys <c>split.*</c> are checked and left out: they describe the files, not the model.
/// Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
/// </summary>
/// <remarks>
/// Reading a tensor by its name marks it as consumed, as with <see cref="GgufMetadata"/>, so that a loader can refuse what it did not
/// understand.
/// </remarks>
public sealed class GgufFile : Checkpoint
{
    private readonly GgufShard[] _shards;
    private readonly OrderedDictionary<string, Tensor> _tensors = [];
    private readonly HashSet<string> _consumed = [];

    private GgufFile(string path, GgufShard[] shards)
        : base(path, new GgufMetadata(path, GgufShard.Merge(shards)))
    {
        _shards = shards;
        foreach (GgufShard shard in shards)
        {
            foreach (GgufTensorInfo info in shard.Header.Tensors)
            {
                if (!_tensors.TryAdd(info.Name, shard.Tensor(info)))
                    throw new GgufException(shard.Path, $"tensor '{info.Name}' is also in another file of this split model");
            }
        }
    }

    /// <summary>The version of the format: 2 or 3.</summary>
    public int Version => (int)_shards[0].Header.Version;

    /// <summary>The alignment of tensor data in bytes, a power of two.</summary>
    public int Alignment => _shards[0].Header.Alignment;

    /// <inheritdoc/>
    public override string Format => $"GGUF {Version}";

    /// <summary>The paths of the files that make up the model, in order; one, unless it is split.</summary>
    public override IReadOnlyList<string> Files => [.. _shards.Select(shard => shard.Path)];

    /// <inheritdoc/>
    public override long ByteLength => _shards.Sum(shard => shard.Map.Length);

    /// <summary>All tensors in the file's order. Does not consume them.</summary>
    public override IReadOnlyCollection<Tensor> Tensors => _tensors.Values;

    /// <summary>Opens a model and checks everything but the values of its weights.</summary>
    /// <param name="path">A GGUF file, or any file of a split model.</param>
    /// <exception cref="GgufException">A file is truncated, damaged or hostile, or a file of a split model is missing.</exception>
    /// <exception cref="IOException">The file is missing, or the system refuses to read it.</exception>
    public static GgufFile Open(string path)
    {
        GgufShard[] shards = GgufShard.OpenAll(path);
        try
        {
            return new GgufFile(path, shards);
        }
        catch
        {
            GgufShard.CloseAll(shards);
            throw;
        }
    }

    /// <summary>Reads a tensor.</summary>
    /// <exception cref="GgufException">There is no tensor of that name.</exception>
    public Tensor GetTensor(string name) =>
        TryGetTensor(name, out Tensor? tensor) ? tensor : throw new GgufException(Path, $"tensor '{name}' is missing");

    /// <summary>Reads a tensor, where there is one of that name.</summary>
    public bool TryGetTensor(string name, [NotNullWhen(true)] out Tensor? tensor)
    {
        if (!_tensors.TryGetValue(name, out tensor))
            return false;

        _consumed.Add(name);
        return true;
    }

    /// <summary>The names of the tensors that no one has read, in the file's order.</summary>
    public IReadOnlyList<string> UnconsumedTensors() => [.. _tensors.Keys.Where(name => !_consumed.Contains(name))];

    /// <inheritdoc/>
    public override void Dispose() => GgufShard.CloseAll(_shards);
}
