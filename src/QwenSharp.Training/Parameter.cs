using QwenSharp.Numerics;

namespace QwenSharp.Training;

/// <summary>A weight that training changes: its value, the gradient of the loss by it, and the optimiser's two moments, each F32.</summary>
public sealed class Parameter : IDisposable
{
    /// <summary>Allocates a matrix or a vector; everything is zero.</summary>
    /// <param name="name">The weight's GGUF name.</param>
    /// <param name="inputs">Elements in a row.</param>
    /// <param name="outputs">Rows; 1 for a vector.</param>
    public Parameter(string name, int inputs, int outputs = 1)
    {
        Name = name;
        Value = new HostActivations(outputs, inputs);
        Gradient = new HostActivations(outputs, inputs);
        Mean = new HostActivations(outputs, inputs);
        Variance = new HostActivations(outputs, inputs);
        Weight = Value.AsTensor(name);
    }

    /// <summary>The weight's GGUF name.</summary>
    public string Name { get; }

    /// <summary>The value, [outputs, inputs].</summary>
    public HostActivations Value { get; }

    /// <summary>∂loss / ∂value, summed over a step's batches.</summary>
    public HostActivations Gradient { get; }

    /// <summary>Running mean of gradients.</summary>
    public HostActivations Mean { get; }

    /// <summary>Running mean of squared gradients; Muon has no use for it.</summary>
    public HostActivations Variance { get; }

    /// <summary>The value as a weight, without a copy.</summary>
    public Tensor Weight { get; }

    /// <summary>How many elements it has.</summary>
    public long Count => (long)Value.Capacity * Value.Width;

    /// <summary>Whether weight decay applies: to matrices, and not to the weights of norms and biases.</summary>
    public bool IsMatrix => Value.Capacity > 1 || Name.EndsWith(LoraDown, StringComparison.Ordinal);

    /// <summary>How the names of adapters' matrices A end, which have a single row where the rank is 1.</summary>
    internal const string LoraDown = ".lora_a";

    /// <summary>Whether it is a matrix inside a layer: a map between features, unlike embeddings, whose rows belong to tokens.</summary>
    public bool IsLayerMatrix => IsMatrix && Name.StartsWith("blk.", StringComparison.Ordinal);

    /// <summary>Sets the value.</summary>
    /// <param name="weight">Of the same shape and of any type.</param>
    /// <exception cref="ArgumentException">The shape is another one.</exception>
    public void Assign(Tensor weight)
    {
        if (weight.Columns != Value.Width || weight.Rows != Value.Capacity)
            throw new ArgumentException($"{weight} does not fit [{Value.Width}, {Value.Capacity}].", nameof(weight));

        for (int row = 0; row < Value.Capacity; row++)
            Quantization.Dequantize(weight.Type, weight.RowData(row), Value.Row(row));
    }

    /// <summary>Draws the value from a normal distribution of mean 0.</summary>
    /// <param name="deviation">Its standard deviation.</param>
    /// <param name="seed">The same seed gives the same value.</param>
    public void Draw(double deviation, ulong seed)
    {
        NormalDraws draws = new(seed);
        for (int row = 0; row < Value.Capacity; row++)
        {
            foreach (ref float value in Value.Row(row))
                value = (float)(deviation * draws.Next());
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Value.Dispose();
        Gradient.Dispose();
        Mean.Dispose();
        Variance.Dispose();
    }
}
