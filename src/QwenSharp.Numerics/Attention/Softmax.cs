namespace QwenSharp.Numerics;

/// <summary>An unfinished softmax-weighted sum of values for each query of a tile, over some of the positions.</summary>
/// <param name="memory">capacity × (stride + 2) floats.</param>
/// <param name="capacity">Room for so many queries.</param>
/// <param name="stride">Floats of a sum.</param>
internal readonly unsafe struct Softmax(float* memory, int capacity, int stride)
{
    /// <summary>[capacity, stride]: Σ e^(score − max) · value.</summary>
    public float* Sums => memory;

    /// <summary>[capacity]: the greatest score; −∞ before the first.</summary>
    public float* Max => memory + ((long)capacity * stride);

    /// <summary>[capacity]: Σ e^(score − max).</summary>
    public float* Weight => memory + ((long)capacity * (stride + 1));

    /// <summary>Floats of a sum.</summary>
    public int Stride => stride;

    /// <summary>One of the same shape in other memory.</summary>
    public Softmax At(float* other) => new(other, capacity, stride);

    /// <summary>Back to no positions, for the first <paramref name="queries"/> queries.</summary>
    public void Clear(int queries)
    {
        new Span<float>(Sums, queries * stride).Clear();
        new Span<float>(Max, queries).Fill(float.NegativeInfinity);
        new Span<float>(Weight, queries).Clear();
    }
}
