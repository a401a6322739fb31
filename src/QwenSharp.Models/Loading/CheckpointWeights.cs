using QwenSharp.Formats;
using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// The tensors of a checkpoint, each to be taken once. What nobody took in the end is an error, so that no weight is ignored by oversight.
/// </summary>
internal sealed class CheckpointWeights : IWeightSource
{
    private readonly Dictionary<string, Tensor> _left = [];
    private readonly Func<string, string?> _origin;

    /// <param name="tensors">The tensors.</param>
    /// <param name="origin">What the files call a tensor, as <see cref="Checkpoint.OriginOf"/>; null for tensors that come from no
    /// file.</param>
    public CheckpointWeights(IEnumerable<Tensor> tensors, Func<string, string?>? origin = null)
    {
        _origin = origin ?? (_ => null);
        foreach (Tensor tensor in tensors)
        {
            if (!_left.TryAdd(tensor.Name, tensor))
                throw new ModelLoadException($"The checkpoint has two tensors named '{tensor.Name}'.");
        }
    }

    public bool Has(string name) => _left.ContainsKey(name);

    public Tensor Take(string name, ReadOnlySpan<long> shape)
    {
        if (!_left.Remove(name, out Tensor? tensor))
        {
            throw new ModelLoadException(_origin(name) is { } missing
                ? $"Tensor {missing} is missing; it should have the shape [{Reversed(shape)}]."
                : $"Tensor '{name}' of shape [{Join(shape)}] is missing.");
        }

        // Trailing dimensions of length 1 say nothing.
        ReadOnlySpan<long> actual = tensor.Shape;
        while (actual.Length > shape.Length && actual[^1] == 1)
            actual = actual[..^1];

        if (actual.SequenceEqual(shape))
            return tensor;

        throw new ModelLoadException(_origin(name) is { } origin
            ? $"Tensor {origin} holds a weight of shape [{Reversed(actual)}]; config.json asks for [{Reversed(shape)}]."
            : $"Tensor {tensor} should have the shape [{Join(shape)}].");
    }

    public void RequireNothingLeft()
    {
        if (_left.Count > 0)
        {
            string more = _left.Count > 8 ? $" and {_left.Count - 8} more" : "";
            throw new ModelLoadException(
                "The model has no place for "
                    + $"{string.Join(", ", _left.Keys.Order(StringComparer.Ordinal).Take(8).Select(name => _origin(name) ?? name))}{more}."
            );
        }
    }

    /// <summary>The shape as safetensors has it, the contiguous dimension last.</summary>
    private static string Reversed(ReadOnlySpan<long> shape) => string.Join(", ", shape.ToArray().Reverse());

    private static string Join(ReadOnlySpan<long> shape) => string.Join(", ", shape.ToArray());
}
