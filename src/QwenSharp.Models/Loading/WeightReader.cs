using System.Runtime.InteropServices;
using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>Takes the weights of a model one by one, each by the name, the shape and the kind of type that the model expects.</summary>
internal sealed class WeightReader(IWeightSource source)
{
    private readonly HashSet<MappedFile> _files = [];
    private string _prefix = "";

    /// <summary>The layer that was entered last.</summary>
    public int Layer { get; private set; }

    /// <summary>Bytes of what was taken.</summary>
    public long Bytes { get; private set; }

    /// <summary>Bytes of what was taken that one token passes: of experts, those of the ones that it hits.</summary>
    public long BytesPerToken { get; private set; }

    /// <summary>Elements of what was taken.</summary>
    public long Elements { get; private set; }

    /// <summary>The mapped files that what was taken lies in.</summary>
    public IEnumerable<MappedFile> Files => _files;

    /// <summary>From now on names are those of one layer.</summary>
    public void Enter(int layer) => (Layer, _prefix) = (layer, $"blk.{layer}.");

    /// <summary>From now on names are those outside the layers.</summary>
    public void Leave() => _prefix = "";

    /// <summary>Whether there is such a tensor that was not taken yet.</summary>
    public bool Has(string name) => source.Has(_prefix + name);

    /// <summary>A norm's weight, a bias or a scale: F32 of shape [length].</summary>
    public Tensor Vector(string name, int length)
    {
        Tensor tensor = Take(name, [length]);
        return tensor.Type == TensorType.F32 ? tensor : throw new ModelLoadException($"Tensor {tensor} must be F32.");
    }

    /// <summary>A matrix of shape [inputs, outputs], of any type that has a matrix product.</summary>
    public Tensor Matrix(string name, int inputs, int outputs) => RequireProduct(Take(name, [inputs, outputs]));

    /// <summary>NAME.weight, with NAME.bias where <paramref name="hasBias"/>, and NAME.scale where there is one.</summary>
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

    /// <summary>
    /// The matrices of all experts, from the stack NAME_exps.weight of shape [inputs, outputs, experts],
    /// with NAME_exps.scale, one factor an expert, where there is one; or each from a tensor of its own, NAME.0.weight and so on,
    /// as Hugging Face's checkpoints have them.
    /// </summary>
    public Linear[] Experts(string name, int inputs, int outputs, MixtureOfExperts experts)
    {
        Linear[] matrices = new Linear[experts.Count];
        if (Has(name + ".0.weight"))
        {
            for (int e = 0; e < matrices.Length; e++)
                matrices[e] = new Linear(Matrix($"{name}.{e}.weight", inputs, outputs));

            BytesPerToken -= matrices[0].Weight.ByteLength * (experts.Count - experts.Used);
            return matrices;
        }

        if (Has(name + "_exps.input_scale"))
            Vector(name + "_exps.input_scale", experts.Count);

        Tensor stack = RequireProduct(Take(name + "_exps.weight", [inputs, outputs, experts.Count]));
        BytesPerToken -= stack.ByteLength / experts.Count * (experts.Count - experts.Used);
        ReadOnlySpan<float> scales = Has(name + "_exps.scale")
            ? MemoryMarshal.Cast<byte, float>(Vector(name + "_exps.scale", experts.Count).Data)
            : default;
        for (int e = 0; e < matrices.Length; e++)
            matrices[e] = new Linear(stack.Slice((long)e * inputs * outputs, [inputs, outputs]), Scale: scales.IsEmpty ? 1 : scales[e]);

        return matrices;
    }

    private static Tensor RequireProduct(Tensor tensor) => tensor.Type.HasMatrixProduct()
        ? tensor
        : throw new ModelLoadException($"Tensor {tensor} has a type without a matrix product.");

    private Tensor Take(string name, ReadOnlySpan<long> shape)
    {
        Tensor tensor = source.Take(_prefix + name, shape);
        Bytes += tensor.ByteLength;
        BytesPerToken += tensor.ByteLength;
        Elements += tensor.ElementCount;
        if (tensor.File is { } file)
            _files.Add(file);

        return tensor;
    }
}
