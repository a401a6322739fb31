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
        for (int row = 0; row < capacity; row++)
            Row(row).Clear();
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

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();
}
