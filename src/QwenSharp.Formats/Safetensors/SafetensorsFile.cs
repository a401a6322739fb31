using System.Diagnostics.CodeAnalysis;
using QwenSharp.Numerics;

namespace QwenSharp.Formats;

/// <summary>One open safetensors file: named tensors as views of the mapped file, never copies.</summary>
public sealed class SafetensorsFile : IDisposable
{
    private readonly MappedFile _map;
    private readonly OrderedDictionary<string, SafetensorsTensor> _tensors = [];

    private SafetensorsFile(MappedFile map, SafetensorsHeader header)
    {
        _map = map;
        Metadata = header.Metadata;
        foreach (SafetensorsEntry entry in header.Tensors)
            _tensors.Add(entry.Name, new SafetensorsTensor(map, entry));
    }

    /// <summary>The path that was opened.</summary>
    public string Path => _map.Path;

    /// <summary>The size of the file in bytes.</summary>
    public long ByteLength => _map.Length;

    /// <summary>What the file says of itself under <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>All tensors in the header's order.</summary>
    public IReadOnlyCollection<SafetensorsTensor> Tensors => _tensors.Values;

    /// <summary>Opens a file and checks everything but the values of its weights.</summary>
    /// <exception cref="SafetensorsException">The file is truncated, damaged or hostile.</exception>
    /// <exception cref="IOException">The file is missing, or the system refuses to read it.</exception>
    public static SafetensorsFile Open(string path)
    {
        MappedFile map = MappedFile.Open(path);
        try
        {
            int window = (int)Math.Min(map.Length, SafetensorsHeader.MaxHeaderLength + 16);
            return new SafetensorsFile(map, SafetensorsHeader.Read(path, map.Span(0, window), map.Length));
        }
        catch
        {
            map.Dispose();
            throw;
        }
    }

    /// <summary>A tensor by its name.</summary>
    public bool TryGetTensor(string name, [NotNullWhen(true)] out SafetensorsTensor? tensor) => _tensors.TryGetValue(name, out tensor);

    /// <summary>Unmaps the file. The tensors must not be touched any more.</summary>
    public void Dispose() => _map.Dispose();
}

/// <summary>A tensor of a safetensors file.</summary>
public sealed class SafetensorsTensor
{
    private readonly MappedFile _map;
    private readonly SafetensorsEntry _entry;

    internal SafetensorsTensor(MappedFile map, SafetensorsEntry entry) => (_map, _entry) = (map, entry);

    /// <summary>The name in the file.</summary>
    public string Name => _entry.Name;

    /// <summary>How the elements are stored.</summary>
    public SafetensorsType Type => _entry.Type;

    /// <summary>Lengths of the dimensions, the contiguous one last.</summary>
    public ReadOnlySpan<long> Shape => _entry.Shape;

    /// <summary>The size of the data in bytes.</summary>
    public long ByteLength => _entry.ByteLength;

    /// <summary>The number of elements.</summary>
    public long ElementCount => ByteLength / Type.Bytes();

    /// <summary>The file that holds it.</summary>
    public string FilePath => _map.Path;

    /// <summary>Whether every element lies at a multiple of its size; the format does not demand it.</summary>
    public bool IsAligned => _entry.Offset % Type.Bytes() == 0;

    /// <summary>Some of the data.</summary>
    /// <param name="offset">In bytes, from the tensor's start.</param>
    /// <param name="length">In bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the tensor.</exception>
    public ReadOnlySpan<byte> Bytes(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, ByteLength - length);
        return _map.Span(_entry.Offset + offset, length);
    }

    /// <summary>The tensor where it lies, under another name and of any shape with as many elements.</summary>
    /// <param name="name">The name.</param>
    /// <param name="type">The storage type of the same elements.</param>
    /// <param name="shape">Lengths of the dimensions, the contiguous one first.</param>
    /// <exception cref="ArgumentException">The type and the shape take another number of bytes.</exception>
    public Tensor View(string name, TensorType type, ReadOnlySpan<long> shape)
    {
        Tensor view = _map.Tensor(name, type, shape, _entry.Offset);
        return view.ByteLength == ByteLength
            ? view
            : throw new ArgumentException($"{view} takes {view.ByteLength} bytes; '{Name}' has {ByteLength}.", nameof(shape));
    }

    /// <summary>A part of the tensor where it lies, under another name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="type">The storage type of the same elements.</param>
    /// <param name="shape">Lengths of the dimensions, the contiguous one first.</param>
    /// <param name="first">The element that it begins with.</param>
    /// <exception cref="ArgumentException">The part is not inside the tensor.</exception>
    public Tensor View(string name, TensorType type, ReadOnlySpan<long> shape, long first)
    {
        long offset = checked(first * Type.Bytes());
        Tensor view = _map.Tensor(name, type, shape, _entry.Offset + offset);
        return first >= 0 && view.ByteLength <= ByteLength - offset
            ? view
            : throw new ArgumentException($"{view} from element {first} on is not inside '{Name}' of {ByteLength} bytes.", nameof(shape));
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {Type} [{string.Join(", ", _entry.Shape)}]";
}
