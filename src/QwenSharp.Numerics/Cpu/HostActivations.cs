namespace QwenSharp.Numerics;

/// <summary>
/// A matrix of F32 activations in the host's memory, row-major and 64-byte aligned; in training also weights, their gradients and what an
/// optimiser keeps of them.
/// </summary>
public sealed unsafe class HostActivations : Activations
{
    private readonly NativeBuffer _buffer;

    /// <summary>Allocates room for <paramref name="capacity"/> rows of <paramref name="width"/> floats, all zero.</summary>
    public HostActivations(int capacity, int width)
        : base(capacity, width)
    {
        _buffer = new NativeBuffer((long)capacity * width * sizeof(float));
        Clear();
    }

    internal float* Pointer => (float*)_buffer.Pointer;

    /// <summary>The floats of one row, where they lie.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public override Span<float> Row(int row)
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
    public override void Dispose() => _buffer.Dispose();
}
