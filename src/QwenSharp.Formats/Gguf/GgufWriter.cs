using System.Numerics;
using QwenSharp.Numerics;

namespace QwenSharp.Formats;

/// <summary>
/// Writes a GGUF file (version 3, little-endian). Metadata and tensors are first declared, in the order they shall have;
/// a save then streams the data tensor by tensor, so a model larger than memory can be written. The same input gives the same bytes.
/// A file appears under its name only when it is complete.
/// </summary>
public sealed class GgufWriter
{
    /// <summary>ggml keeps tensor names in 64 bytes with a terminator; a longer one would be unreadable elsewhere.</summary>
    private const int MaxTensorNameLength = 63;

    private readonly OrderedDictionary<string, GgufValue> _metadata = [];
    private readonly OrderedDictionary<string, GgufTensorSource> _tensors = [];

    /// <summary>Adds a metadata entry. <c>general.alignment</c> sets the alignment of tensor data; without it, that is 32 bytes.</summary>
    /// <exception cref="ArgumentException">The key is there already, is not one a GGUF file may have, or <c>general.alignment</c> is not a
    /// UInt32 power of two of at least 8.</exception>
    public GgufWriter Add(string key, GgufValue value)
    {
        CheckName(key, GgufReader.MaxNameLength, nameof(key));
        if (key.StartsWith(GgufShard.KeyPrefix, StringComparison.Ordinal))
            throw new ArgumentException($"'{key}' describes the files of a split model; {nameof(SaveSplit)} writes it.", nameof(key));
        if (
            key == GgufHeader.AlignmentKey
            && !(
                value.Type == GgufValueType.UInt32
                && value.TryGetInteger(out int alignment)
                && alignment >= 8
                && BitOperations.IsPow2(alignment)))
        {
            throw new ArgumentException($"'{key}' must be a UInt32 power of two of at least 8, not {value}.", nameof(value));
        }

        if (!_metadata.TryAdd(key, value))
            throw new ArgumentException($"The key '{key}' is there already.", nameof(key));

        return this;
    }

    /// <summary>Adds a tensor.</summary>
    /// <param name="name">Its name, at most 63 bytes of UTF-8.</param>
    /// <param name="type">How its elements are stored.</param>
    /// <param name="shape">Lengths of its 1 to 4 dimensions, the contiguous one first.</param>
    /// <param name="write">Called once by each save; writes exactly the tensor's data.</param>
    /// <exception cref="ArgumentException">The name is there already or not allowed, or the shape is not one the type can have.</exception>
    public GgufWriter AddTensor(string name, TensorType type, ReadOnlySpan<long> shape, Action<Stream> write)
    {
        CheckName(name, MaxTensorNameLength, nameof(name));
        if (shape.Length is 0 or > GgufHeader.MaxDimensions)
        {
            throw new ArgumentException(
                $"Tensor '{name}' has {shape.Length} dimensions; 1 to {GgufHeader.MaxDimensions} are allowed.",
                nameof(shape));
        }

        long elements = 1;
        foreach (long length in shape)
        {
            elements =
                length > 0
                    ? checked(elements * length)
                    : throw new ArgumentException($"Tensor '{name}' has a dimension of {length}.", nameof(shape));
        }

        if (shape[0] % type.BlockLength() != 0)
        {
            throw new ArgumentException(
                $"Tensor '{name}': rows of {shape[0]} elements do not fill whole blocks of {type.BlockLength()} ({type}).",
                nameof(shape));
        }

        if (!_tensors.TryAdd(name, new GgufTensorSource(name, type, shape.ToArray(), type.Bytes(elements), write)))
            throw new ArgumentException($"The tensor '{name}' is there already.", nameof(name));

        return this;
    }

    /// <summary>Adds a tensor whose data is at hand; it must stay so until the save.</summary>
    /// <exception cref="ArgumentException">The name is there already or not allowed, or the tensor has no dimensions.</exception>
    public GgufWriter AddTensor(Tensor tensor) => AddTensor(tensor.Name, tensor.Type, tensor.Shape, stream =>
    {
        for (int row = 0; row < tensor.Rows; row++)
            stream.Write(tensor.RowData(row));
    });

    /// <summary>Writes one file, replacing one of the same name.</summary>
    /// <exception cref="InvalidOperationException">A tensor's writer did not write as many bytes as the tensor has.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path) => Save([new GgufShardWriter(path, _metadata, [.. _tensors.Values])]);

    /// <summary>
    /// Writes a split model: <c>PREFIX-00001-of-0000N.gguf</c> and so on. The first file carries the metadata, all carry <c>split.*</c>.
    /// </summary>
    /// <param name="prefix">The path without the numbers and the extension.</param>
    /// <param name="maxTensorBytes">The most bytes of tensor data in a file; a larger tensor has a file of its own.</param>
    /// <returns>The paths of the files.</returns>
    /// <exception cref="InvalidOperationException">A tensor's writer did not write as many bytes as the tensor has.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public IReadOnlyList<string> SaveSplit(string prefix, long maxTensorBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxTensorBytes);
        List<List<GgufTensorSource>> groups = [[]];
        long bytes = 0;
        foreach (GgufTensorSource tensor in _tensors.Values)
        {
            if (groups[^1].Count > 0 && bytes + tensor.ByteLength > maxTensorBytes)
            {
                groups.Add([]);
                bytes = 0;
            }

            groups[^1].Add(tensor);
            bytes += tensor.ByteLength;
        }

        if (groups.Count > ushort.MaxValue)
        {
            throw new ArgumentException(
                $"{groups.Count} files are more than a split model can have; allow more bytes in each.",
                nameof(maxTensorBytes));
        }

        GgufShardName name = new(prefix, 1, groups.Count);
        List<GgufShardWriter> shards =
        [
            .. groups.Select((tensors, i) => new GgufShardWriter(name.Path(i + 1), ShardMetadata(i, groups.Count), tensors)),
        ];
        Save(shards);
        return [.. shards.Select(shard => shard.Path)];
    }

    private OrderedDictionary<string, GgufValue> ShardMetadata(int number, int count)
    {
        OrderedDictionary<string, GgufValue> metadata = [];
        foreach ((string key, GgufValue value) in _metadata)
        {
            if (number == 0 || key == GgufHeader.AlignmentKey)
                metadata.Add(key, value);
        }

        metadata.Add(GgufShard.NumberKey, GgufValue.Of((ushort)number));
        metadata.Add(GgufShard.CountKey, GgufValue.Of((ushort)count));
        metadata.Add(GgufShard.TensorCountKey, GgufValue.Of(_tensors.Count));
        return metadata;
    }

    /// <summary>Writes all files under temporary names, and gives them their own only when every one is complete.</summary>
    private static void Save(IReadOnlyList<GgufShardWriter> shards)
    {
        string mark = $".{Guid.NewGuid():N}.partial";
        try
        {
            foreach (GgufShardWriter shard in shards)
            {
                using FileStream stream = new(shard.Path + mark, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 20);
                shard.Write(stream);
                stream.Flush(flushToDisk: true);
            }

            foreach (GgufShardWriter shard in shards)
                File.Move(shard.Path + mark, shard.Path, overwrite: true);
        }
        finally
        {
            foreach (GgufShardWriter shard in shards)
                File.Delete(shard.Path + mark);
        }
    }

    private static void CheckName(string name, int maxLength, string parameter)
    {
        ArgumentException.ThrowIfNullOrEmpty(name, parameter);
        int length = GgufValue.StrictUtf8.GetByteCount(name);
        if (length > maxLength)
            throw new ArgumentException($"'{name}' has {length} bytes; at most {maxLength} are allowed.", parameter);
        if (GgufReader.HasControl(name))
            throw new ArgumentException("A name may not contain control characters.", parameter);
    }
}
