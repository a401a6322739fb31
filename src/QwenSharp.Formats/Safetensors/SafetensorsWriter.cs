using System.Buffers.Binary;
using System.Text.Json;

namespace QwenSharp.Formats;

/// <summary>
/// Writes safetensors. Tensors are first declared, in the order they shall have; a save then streams their data, so a model larger than
/// memory can be written. A file appears under its name only when it is complete.
/// </summary>
public sealed class SafetensorsWriter
{
    private readonly OrderedDictionary<string, Source> _tensors = [];
    private readonly OrderedDictionary<string, string> _metadata = [];

    private sealed record Source(string Name, SafetensorsType Type, long[] Shape, long ByteLength, Action<Stream> Write);

    /// <summary>Says something of the file, such as <c>format</c> = <c>pt</c>, which transformers asks for.</summary>
    /// <exception cref="ArgumentException">The key is there already.</exception>
    public SafetensorsWriter AddMetadata(string key, string value)
    {
        if (!_metadata.TryAdd(key, value))
            throw new ArgumentException($"The key '{key}' is there already.", nameof(key));

        return this;
    }

    /// <summary>Adds a tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">How its elements are stored.</param>
    /// <param name="shape">Lengths of its dimensions, the contiguous one last.</param>
    /// <param name="write">Called once by each save; writes exactly the tensor's data.</param>
    /// <exception cref="ArgumentException">The name is there already or reserved, or a length is negative.</exception>
    public SafetensorsWriter Add(string name, SafetensorsType type, ReadOnlySpan<long> shape, Action<Stream> write)
    {
        long bytes = type.Bytes();
        foreach (long length in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(length, nameof(shape));
            bytes = checked(bytes * length);
        }

        if (name == SafetensorsHeader.MetadataKey || !_tensors.TryAdd(name, new Source(name, type, shape.ToArray(), bytes, write)))
            throw new ArgumentException($"The name '{name}' is there already.", nameof(name));

        return this;
    }

    /// <summary>Adds a tensor whose data is at hand.</summary>
    /// <exception cref="ArgumentException">The name is there already, or the data is not what the type and the shape need.</exception>
    public SafetensorsWriter Add(string name, SafetensorsType type, ReadOnlySpan<long> shape, ReadOnlyMemory<byte> data)
    {
        Add(name, type, shape, stream => stream.Write(data.Span));
        return _tensors[name].ByteLength == data.Length
            ? this
            : throw new ArgumentException($"'{name}' needs {_tensors[name].ByteLength} bytes, not {data.Length}.", nameof(data));
    }

    /// <summary>Writes one file, replacing one of the same name.</summary>
    /// <exception cref="InvalidOperationException">A tensor's writer did not write as many bytes as the tensor has.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path) => Save(path, _tensors.Values);

    /// <summary>Writes a folder's weights as <c>model-00001-of-0000N.safetensors</c> and so on, and their index.</summary>
    /// <param name="folder">The folder, which must exist.</param>
    /// <param name="maxTensorBytes">The most bytes of tensors in a file; a larger tensor has a file of its own.</param>
    /// <exception cref="InvalidOperationException">A tensor's writer did not write as many bytes as the tensor has.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public void SaveSharded(string folder, long maxTensorBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxTensorBytes);
        List<List<Source>> groups = [[]];
        foreach (Source tensor in _tensors.Values)
        {
            if (groups[^1].Count > 0 && groups[^1].Sum(other => other.ByteLength) + tensor.ByteLength > maxTensorBytes)
                groups.Add([]);

            groups[^1].Add(tensor);
        }

        Dictionary<string, string> map = [];
        for (int i = 0; i < groups.Count; i++)
        {
            string name = $"model-{i + 1:D5}-of-{groups.Count:D5}.safetensors";
            Save(Path.Combine(folder, name), groups[i]);
            foreach (Source tensor in groups[i])
                map.Add(tensor.Name, name);
        }

        // The index comes last: a reader that finds it finds the files.
        WriteWhole(Path.Combine(folder, SafetensorsModel.IndexName), stream => WriteIndex(stream, map));
    }

    private void Save(string path, IReadOnlyCollection<Source> tensors) =>
        WriteWhole(
            path,
            stream =>
            {
                stream.Write(Header(tensors));
                foreach (Source tensor in tensors)
                {
                    long start = stream.Position;
                    tensor.Write(stream);
                    if (stream.Position - start != tensor.ByteLength)
                    {
                        throw new InvalidOperationException(
                            $"The writer of tensor '{tensor.Name}' wrote {stream.Position - start} bytes; it has {tensor.ByteLength}.");
                    }
                }
            });

    private byte[] Header(IReadOnlyCollection<Source> tensors)
    {
        MemoryStream bytes = new();
        bytes.Write(new byte[sizeof(ulong)]);
        using (Utf8JsonWriter json = new(bytes))
        {
            json.WriteStartObject();
            if (_metadata.Count > 0)
            {
                json.WriteStartObject(SafetensorsHeader.MetadataKey);
                foreach ((string key, string value) in _metadata)
                    json.WriteString(key, value);

                json.WriteEndObject();
            }

            long offset = 0;
            foreach (Source tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.Type.ToString());
                WriteNumbers(json, "shape", tensor.Shape);
                WriteNumbers(json, "data_offsets", [offset, offset += tensor.ByteLength]);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        // Padded with spaces, so that the data begins at a multiple of 8.
        while (bytes.Length % 8 != 0)
            bytes.WriteByte((byte)' ');

        byte[] header = bytes.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - sizeof(ulong));
        return header;
    }

    private void WriteIndex(Stream stream, Dictionary<string, string> map)
    {
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteStartObject("metadata");
        json.WriteNumber("total_size", _tensors.Values.Sum(tensor => tensor.ByteLength));
        json.WriteEndObject();
        json.WriteStartObject("weight_map");
        foreach ((string tensor, string file) in map)
            json.WriteString(tensor, file);

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, ReadOnlySpan<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (long number in numbers)
            json.WriteNumberValue(number);

        json.WriteEndArray();
    }

    private static void WriteWhole(string path, Action<Stream> write)
    {
        string partial = $"{path}.{Guid.NewGuid():N}.partial";
        try
        {
            using (FileStream stream = new(partial, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 20))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(partial, path, overwrite: true);
        }
        finally
        {
            File.Delete(partial);
        }
    }
}
