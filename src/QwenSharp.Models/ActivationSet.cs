using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>A matrix of activations before it is allocated.</summary>
/// <param name="Name">What it is called in its set.</param>
/// <param name="Rows">Its rows.</param>
/// <param name="Width">Floats of a row.</param>
internal readonly record struct ActivationShape(string Name, int Rows, int Width)
{
    /// <summary>What it takes once allocated.</summary>
    public long Bytes => (long)Rows * Width * sizeof(float);
}

/// <summary>Matrices allocated from a list, the same that tells their bytes without them.</summary>
internal sealed class ActivationSet(Compute compute, IEnumerable<ActivationShape> layout) : IDisposable
{
    private readonly Dictionary<string, Activations> _matrices = layout.ToDictionary(
        shape => shape.Name,
        shape => compute.CreateActivations(shape.Rows, shape.Width));

    /// <summary>The matrix of a name that the list has.</summary>
    public Activations this[string name] => _matrices[name];

    /// <summary>The matrix of a name, or null where the list does not have it.</summary>
    public Activations? Find(string name) => _matrices.GetValueOrDefault(name);

    /// <summary>Bytes of all of them.</summary>
    public long Bytes => _matrices.Values.Sum(matrix => (long)matrix.Capacity * matrix.Width * sizeof(float));

    public void Dispose()
    {
        foreach (Activations matrix in _matrices.Values)
            matrix.Dispose();
    }
}
