namespace QwenSharp.Numerics;

/// <summary>
/// A scratch matrix of F32 activations, [rows, width], row-major, in 64-byte aligned native memory.
/// The rows are tokens of a batch. It belongs to one engine loop and is written again at every step.
/// </summary>
public sealed unsafe class Activations : IDisposable
{
    private readonly NativeBuffer _buffer;

    /// <summary>Allocates room for <paramref name="capacity"/> rows of <paramref name="width"/> floats, all zero.</summary>
    public Activations(int capacity, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        Capacity = capacity;
        Width = width;
        _buffer = new NativeBuffer((long)capacity * width * sizeof(float));
        Clear();
    }

    /// <summary>How many rows there is room for.</summary>
    public int Capacity { get; }

    /// <summary>Floats in a row.</summary>
    public int Width { get; }

    internal float* Pointer => (float*)_buffer.Pointer;

    /// <summary>The floats of one row.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public Span<float> Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Capacity);
        return new Span<float>(Pointer + (long)row * Width, Width);
    }

    /// <summary>
    /// This memory as an F32 tensor of shape [width, capacity], or [width] where there is one row, without a copy: the weights of a matrix
    /// that is trained. Other tensors are immutable; this one changes with the rows, and must not be used after <see cref="Dispose"/>.
    /// </summary>
    public Tensor AsTensor(string name)
    {
        Tensor tensor = new(name, TensorType.F32, Capacity == 1 ? [Width] : [Width, Capacity], _buffer);
        tensor.Attach((byte*)Pointer);
        return tensor;
    }

    /// <summary>Makes every element zero.</summary>
    public void Clear()
    {
        for (int row = 0; row < Capacity; row++)
            Row(row).Clear();
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();
}
