using System.Runtime.InteropServices;
using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// Takes the tensors of a checkpoint one by one, each by the name, the shape and the kind of type that the model expects.
/// What nobody took in the end is an error, so that no weight is ignored by oversight.
/// </summary>
internal sealed class WeightReader
{
    private readonly Dictionary<string, Tensor> _left = [];
    private string _prefix = "";

    public WeightReader(IEnumerable<Tensor> tensors)
    {
        foreach (Tensor tensor in tensors)
        {
            if (!_left.TryAdd(tensor.Name, tensor))
                throw new ModelLoadException($"The checkpoint has two tensors named '{tensor.Name}'.");
        }
    }

    /// <summary>Bytes of what was taken, a tied head once.</summary>
    public long Bytes { get; private set; }

    /// <summary>Elements of what was taken.</summary>
    public long Elements { get; private set; }

    /// <summary>Whether the checkpoint has such a tensor that was not taken yet.</summary>
    public bool Has(string name) => _left.ContainsKey(_prefix + name);

    /// <summary>From now on names are those of one layer.</summary>
    public void Enter(int layer) => _prefix = $"blk.{layer}.";

    /// <summary>From now on names are those outside the layers.</summary>
    public void Leave() => _prefix = "";

    /// <summary>A norm's weight or a bias: F32 of shape [length].</summary>
    public Tensor Vector(string name, int length)
    {
        Tensor tensor = Take(name, [length]);
        return tensor.Type == TensorType.F32
            ? tensor
            : throw new ModelLoadException($"Tensor {tensor} must be F32.");
    }

    /// <summary>A matrix of shape [inputs, outputs], of any type that has a matrix product.</summary>
    public Tensor Matrix(string name, int inputs, int outputs)
    {
        Tensor tensor = Take(name, [inputs, outputs]);
        return tensor.Type is TensorType.I8 or TensorType.I16 or TensorType.I32 or TensorType.I64 or TensorType.F64
            ? throw new ModelLoadException($"Tensor {tensor} has a type without a matrix product.")
            : tensor;
    }

    /// <summary>NAME.weight, with NAME.bias where <paramref name="hasBias"/>, and NAME.scale where the checkpoint has one.</summary>
    public Linear Linear(string name, int inputs, int outputs, bool hasBias = false)
    {
        // An input scale tells engines that quantise activations to 4 bits what range to expect; wider activations have no use for it.
        if (Has(name + ".input_scale"))
            Vector(name + ".input_scale", 1);

        return new Linear(
            Matrix(name + ".weight", inputs, outputs),
            hasBias ? Vector(name + ".bias", outputs) : null,
            Has(name + ".scale") ? MemoryMarshal.Read<float>(Vector(name + ".scale", 1).Data) : 1);
    }

    /// <exception cref="ModelLoadException">Tensors are left that the model has no place for.</exception>
    public void RequireNothingLeft()
    {
        if (_left.Count > 0)
        {
            string more = _left.Count > 8 ? $" and {_left.Count - 8} more" : "";
            throw new ModelLoadException($"The model has no place for {string.Join(", ", _left.Keys.Order(StringComparer.Ordinal).Take(8))}{more}.");
        }
    }

    private Tensor Take(string name, ReadOnlySpan<long> shape)
    {
        name = _prefix + name;
        if (!_left.Remove(name, out Tensor? tensor))
            throw new ModelLoadException($"Tensor '{name}' of shape [{Join(shape)}] is missing.");

        // Trailing dimensions of length 1 say nothing.
        ReadOnlySpan<long> actual = tensor.Shape;
        while (actual.Length > shape.Length && actual[^1] == 1)
            actual = actual[..^1];
        if (!actual.SequenceEqual(shape))
            throw new ModelLoadException($"Tensor {tensor} should have the shape [{Join(shape)}].");

        Bytes += tensor.ByteLength;
        Elements += tensor.ElementCount;
        return tensor;
    }

    private static string Join(ReadOnlySpan<long> shape) => string.Join(", ", shape.ToArray());
}
