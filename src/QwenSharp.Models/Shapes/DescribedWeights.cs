using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>The tensors of a shape, described but not made: what a model would take, before there is one.</summary>
public sealed class DescribedWeights : IWeightSource
{
    // What a layer rearranges when it is wired, such as the taps of a convolution, is smaller than this, and is made of zeros.
    private const long SmallElements = 1 << 18;

    private readonly ModelConfig _config;
    private readonly WeightMix _mix;
    private readonly List<Tensor> _tensors = [];

    private DescribedWeights(ModelConfig config, WeightMix mix) => (_config, _mix) = (config, mix);

    /// <summary>The tensors that a model of this shape has, under their GGUF names, to reckon with their sizes.</summary>
    /// <param name="config">The shape.</param>
    /// <param name="mix">The types of its weights.</param>
    public static IReadOnlyList<Tensor> Of(ModelConfig config, WeightMix mix)
    {
        DescribedWeights weights = new(config, mix);
        _ = new LanguageModel(config, weights);
        return weights._tensors;
    }

    bool IWeightSource.Has(string name) => false;

    void IWeightSource.RequireNothingLeft()
    {
    }

    Tensor IWeightSource.Take(string name, ReadOnlySpan<long> shape)
    {
        TensorType type = shape.Length == 1 ? TensorType.F32 : _mix.TypeOf(_config, name, shape[0]);
        Tensor tensor = Tensor.Describe(name, type, shape);
        if (tensor.ElementCount <= SmallElements)
            tensor = Tensor.Copy(name, type, shape, new byte[tensor.ByteLength]);

        _tensors.Add(tensor);
        return tensor;
    }
}
