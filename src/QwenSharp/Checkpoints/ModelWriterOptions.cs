using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp;

/// <summary>How a model is written as GGUF.</summary>
public sealed record ModelWriterOptions
{
    /// <summary>Which type each matrix gets; null for the one that it has.</summary>
    public WeightMix? Mix { get; init; }

    /// <summary>
    /// An adapter to add to the weights; null for none. A matrix that it changes is encoded again, in its own type where <see cref="Mix"/>
    /// is null.
    /// </summary>
    public LoraAdapter? Adapter { get; init; }

    /// <summary>
    /// Weights in place of the model's own, by their GGUF names: those that training has changed. Each is written in the type of the one
    /// that it replaces, or as <see cref="Mix"/> says.
    /// </summary>
    public IReadOnlyDictionary<string, Tensor> Replacements { get; init; } = new Dictionary<string, Tensor>();

    /// <summary>Which columns matter most; null for all alike.</summary>
    public ImportanceMatrix? Importance { get; init; }

    /// <summary>
    /// Exceptions from the mix: the name of a tensor, in which '*' stands for anything, and its type. The first that fits counts.
    /// </summary>
    public IReadOnlyList<(string Tensor, TensorType Type)> Exceptions { get; init; } = [];

    /// <summary>Whether matrices that are quantised already may be quantised again, which loses more than once from the original.</summary>
    public bool AllowsRequantization { get; init; }

    /// <summary>Threads that convert; 0 for one a processor.</summary>
    public int Threads { get; init; }
}

/// <summary>How far the writing of a model is.</summary>
/// <param name="Tensor">The tensor at hand.</param>
/// <param name="Type">The type that it gets.</param>
/// <param name="Done">Bytes of tensors written.</param>
/// <param name="All">Bytes of all tensors.</param>
public readonly record struct ModelWriterProgress(string Tensor, TensorType Type, long Done, long All);
