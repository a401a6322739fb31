namespace QwenSharp.Numerics;

/// <summary>
/// Immutable weights: a name, a storage type, a shape and bytes that lie in a mapped file or in native memory.
/// Dimensions are in GGUF's order: <c>Shape[0]</c> is the contiguous one, so a matrix that maps
/// <c>in</c> features to <c>out</c> features has the shape [in, out] and <c>out</c> rows of <c>in</c> elements.
/// </summary>
public sealed unsafe class Tensor
{
    private readonly long[] _shape;
    private readonly object _owner;
    private byte* _pointer;

    internal Tensor(string name, TensorType type, ReadOnlySpan<long> shape, object owner)
    {
        Name = name;
        Type = type;
        _shape = shape.ToArray();
        _owner = owner;

        long elements = 1;
        foreach (long length in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(length, nameof(shape));
            elements = checked(elements * length);
        }

        ElementCount = elements;
        ByteLength = type.Bytes(elements);
        if (_shape.Length > 0 && _shape[0] % type.BlockLength() != 0)
        {
            throw new ArgumentException(
                $"Rows of {_shape[0]} elements do not fill whole blocks of {type.BlockLength()} ({type}).",
                nameof(shape));
        }
    }

    /// <summary>The name in the checkpoint.</summary>
    public string Name { get; }

    /// <summary>How the elements are stored.</summary>
    public TensorType Type { get; }

    /// <summary>Lengths of the dimensions, the contiguous one first.</summary>
    public ReadOnlySpan<long> Shape => _shape;

    /// <summary>The number of elements.</summary>
    public long ElementCount { get; }

    /// <summary>Where a <see cref="Slice"/> begins in the tensor that it was cut from, in elements; 0 for a whole tensor.</summary>
    public long FirstElement { get; private set; }

    /// <summary>The size of the data in bytes.</summary>
    public long ByteLength { get; }

    /// <summary>Elements in a row (the contiguous dimension); 1 for a scalar.</summary>
    public int Columns => _shape.Length == 0 ? 1 : checked((int)_shape[0]);

    /// <summary>The number of rows: the product of all dimensions but the first.</summary>
    public int Rows => Columns == 0 ? 0 : checked((int)(ElementCount / Columns));

    /// <summary>Bytes in a row.</summary>
    public long RowBytes => Type.Bytes(Columns);

    /// <summary>The data.</summary>
    /// <exception cref="OverflowException">The data is larger than a span can be (2 GiB); use <see cref="RowData"/>.</exception>
    /// <exception cref="InvalidOperationException">The tensor is only described.</exception>
    public ReadOnlySpan<byte> Data => new(Pointer, checked((int)ByteLength));

    /// <summary>The mapped file that the data lies in; null where it lies in memory.</summary>
    public MappedFile? File => _owner as MappedFile;

    internal byte* Pointer =>
        _pointer is not null || ByteLength == 0
            ? _pointer
            : throw new InvalidOperationException($"Tensor '{Name}' has no data: it is only described.");

    /// <summary>A tensor without data, to reckon with its size.</summary>
    public static Tensor Describe(string name, TensorType type, ReadOnlySpan<long> shape) => new(name, type, shape, name);

    /// <summary>Copies <paramref name="data"/> into native memory as a tensor of its own.</summary>
    /// <exception cref="ArgumentException">The data's length is not what the type and the shape need.</exception>
    public static Tensor Copy(string name, TensorType type, ReadOnlySpan<long> shape, ReadOnlySpan<byte> data)
    {
        NativeBuffer buffer = new(data.Length);
        data.CopyTo(buffer.Span(0, data.Length));
        return Over(name, type, shape, buffer);
    }

    /// <summary>A tensor over the first bytes of <paramref name="buffer"/>, which must not change afterwards.</summary>
    /// <exception cref="ArgumentException">The buffer is shorter than the type and the shape need.</exception>
    public static Tensor Over(string name, TensorType type, ReadOnlySpan<long> shape, NativeBuffer buffer)
    {
        Tensor tensor = new(name, type, shape, buffer);
        if (buffer.Length < tensor.ByteLength)
        {
            throw new ArgumentException(
                $"Tensor '{name}' needs {tensor.ByteLength} bytes; the buffer has {buffer.Length}.",
                nameof(buffer));
        }

        tensor.Attach(buffer.Pointer);
        return tensor;
    }

    /// <summary>The data of one row.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public ReadOnlySpan<byte> RowData(int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        return new ReadOnlySpan<byte>(Pointer + row * RowBytes, checked((int)RowBytes));
    }

    /// <summary>
    /// A part of the data as a tensor of its own, without a copy: rows, one matrix of a stack, or the whole in another shape.
    /// </summary>
    /// <param name="first">The element that it begins with: the first of a block.</param>
    /// <param name="shape">Its shape; rows have whole blocks.</param>
    /// <exception cref="ArgumentException">It does not begin or end with a block, or is not inside this tensor.</exception>
    public Tensor Slice(long first, ReadOnlySpan<long> shape)
    {
        Tensor part = new(Name, Type, shape, _owner);
        if (first < 0 || first % Type.BlockLength() != 0 || part.ElementCount > ElementCount - first)
            throw new ArgumentException($"{part.ElementCount} elements from {first} on are not whole blocks inside {this}.", nameof(first));

        if (_pointer is not null)
            part.Attach(_pointer + Type.Bytes(first));

        part.FirstElement = FirstElement + first;
        return part;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {Type} [{string.Join(", ", _shape)}]";

    internal void Attach(byte* pointer) => _pointer = pointer;

    /// <summary>Keeps the owner of the memory alive up to this call.</summary>
    internal void KeepAlive() => GC.KeepAlive(_owner);
}
