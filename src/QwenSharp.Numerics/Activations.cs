namespace QwenSharp.Numerics;

/// <summary>
/// A scratch matrix of F32 activations, [rows, width], in a backend's memory; made by <see cref="Compute.CreateActivations"/>.
/// The rows are tokens of a batch. It belongs to one engine loop and is written again at every step.
/// </summary>
public abstract class Activations : IDisposable
{
    /// <summary>A matrix of this shape.</summary>
    protected Activations(int capacity, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        (Capacity, Width) = (capacity, width);
    }

    /// <summary>How many rows there is room for.</summary>
    public int Capacity { get; }

    /// <summary>Floats in a row.</summary>
    public int Width { get; }

    /// <summary>
    /// The floats of one row, for whoever reads a result; between the operations of a forward pass nobody asks. A backend whose memory is
    /// not the host's gives a copy, which is valid until the next operation.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public abstract Span<float> Row(int row);

    /// <inheritdoc/>
    public abstract void Dispose();
}
