namespace QwenSharp.Numerics;

/// <summary>One matrix product of <see cref="Compute.Project"/>: y = s·Wx (+ bias) (+ y).</summary>
/// <param name="Weight">W, of shape [in, out].</param>
/// <param name="Output">y, whose width is <c>out</c>.</param>
/// <param name="Bias">F32 of shape [out], or none.</param>
/// <param name="Accumulate">Whether the product is added to what <paramref name="Output"/> holds.</param>
/// <param name="Scale">s, one factor for the whole matrix.</param>
public readonly record struct Projection(
    Tensor Weight, Activations Output, Tensor? Bias = null, bool Accumulate = false, float Scale = 1)
{
    /// <summary>
    /// The rows of x and y that this product is of; null for all. Experts share a batch so: each multiplies its own rows.
    /// </summary>
    public RowRange? Rows { get; init; }
}

/// <summary>Consecutive rows of a batch.</summary>
/// <param name="First">The first.</param>
/// <param name="Count">How many.</param>
public readonly record struct RowRange(int First, int Count);

/// <summary>Sees the activations that a weight matrix is multiplied with.</summary>
/// <param name="weight">The matrix, of shape [in, out].</param>
/// <param name="x">[rows, in]; valid during the call.</param>
/// <param name="rows">The rows of <paramref name="x"/> that meet this matrix.</param>
public delegate void ProjectionObserver(Tensor weight, Activations x, RowRange rows);
