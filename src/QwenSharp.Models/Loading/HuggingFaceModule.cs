using QwenSharp.Formats;

namespace QwenSharp.Models;

/// <summary>
/// The parameters of one module of a checkpoint, such as "weight" and "bias" of "model.layers.0.self_attn.q_proj", each to be taken once.
/// </summary>
/// <param name="name">The module.</param>
internal sealed class HuggingFaceModule(string name)
{
    private readonly Dictionary<string, SafetensorsTensor> _left = [];

    /// <summary>The module's name.</summary>
    public string Name { get; } = name;

    /// <summary>How many parameters were not taken.</summary>
    public int Count => _left.Count;

    /// <summary>One that was not taken, for a message.</summary>
    public SafetensorsTensor First => _left.Values.First();

    public void Add(string parameter, SafetensorsTensor tensor) => _left.Add(parameter, tensor);

    /// <summary>Takes a parameter, or null where there is none.</summary>
    public SafetensorsTensor? Take(string parameter) => _left.Remove(parameter, out SafetensorsTensor? tensor) ? tensor : null;

    /// <summary>Takes a parameter that must be there.</summary>
    /// <param name="parameter">Its name.</param>
    /// <param name="owner">The parameter that needs it.</param>
    /// <exception cref="ModelLoadException">It is not.</exception>
    public SafetensorsTensor Require(string parameter, SafetensorsTensor owner) => Take(parameter)
        ?? throw new ModelLoadException($"Tensor '{Name}.{parameter}' is missing; '{owner.Name}' needs it.");

    /// <exception cref="ModelLoadException">A parameter was not taken.</exception>
    public void RequireNothingLeft()
    {
        if (_left.Count > 0)
            throw new ModelLoadException($"Tensor {First} in {First.FilePath} has no place in the model.");
    }
}
