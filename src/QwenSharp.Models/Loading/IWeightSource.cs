using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>Where weights come from: a checkpoint, or random numbers in place of one.</summary>
internal interface IWeightSource
{
    /// <summary>Whether there is such a tensor that was not taken yet.</summary>
    bool Has(string name);

    /// <summary>Takes a tensor.</summary>
    /// <exception cref="ModelLoadException">There is none of this name and shape.</exception>
    Tensor Take(string name, ReadOnlySpan<long> shape);

    /// <summary>Every tensor has been asked for that the model has a place for.</summary>
    /// <exception cref="ModelLoadException">There are others.</exception>
    void RequireNothingLeft();
}
