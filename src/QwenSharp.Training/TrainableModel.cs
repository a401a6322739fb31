using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Training;

/// <summary>
/// A dense Qwen2 or Qwen3 that can be trained: its weights, of which some are <see cref="Parameter"/>s, and exact gradients of the
/// cross-entropy by them.
/// </summary>
public sealed partial class TrainableModel : IDisposable
{
    private readonly Tensor _embedding;
    private readonly Parameter? _trainedEmbedding;
    private readonly DecoderBlock[] _blocks;
    private readonly TrainedNorm _outputNorm;
    private readonly TrainedLinear _head;
    private readonly RotaryPositions _rotary;
    private readonly List<Parameter> _parameters;

    private TrainableModel(ModelConfig config, WeightWiring wiring, LoraOptions? lora)
    {
        Config = config;
        Lora = lora;
        _rotary = new RotaryPositions(config);
        (_embedding, _trainedEmbedding) = wiring.Matrix("token_embd.weight", config.Width, config.VocabularySize);
        _blocks = [.. Enumerable.Range(0, config.Layers).Select(layer => wiring.Block(config, layer, lora))];
        _outputNorm = wiring.Norm("output_norm.weight", config.Width);
        _head = config.HasTiedHead
            ? new TrainedLinear(_embedding) { Trained = _trainedEmbedding }
            : wiring.Linear("output", config.Width, config.VocabularySize, hasBias: false);
        _parameters = wiring.Parameters;
        wiring.RequireNothingLeft();
    }

    /// <summary>The model's lengths and constants.</summary>
    public ModelConfig Config { get; }

    /// <summary>The shape of the adapters; null where all weights are trained.</summary>
    public LoraOptions? Lora { get; }

    /// <summary>What is trained, in a fixed order.</summary>
    public IReadOnlyList<Parameter> Parameters => _parameters;

    /// <summary>Elements of what is trained.</summary>
    public long TrainedCount => _parameters.Sum(parameter => parameter.Count);

    /// <summary>
    /// A model with random weights, all of them to be trained: normal of deviation 0.02, and 0.02 ÷ √(2 × layers) for the matrices that add
    /// to the residual stream (GPT-2; Radford et al., 2019).
    /// </summary>
    /// <param name="config">Its shape.</param>
    /// <param name="seed">The same seed gives the same weights.</param>
    /// <exception cref="ModelLoadException">The shape is impossible, or not one that can be trained; the message says why.</exception>
    public static TrainableModel Create(ModelConfig config, ulong seed) =>
        new(Supported(config), new WeightWiring(config, seed), lora: null);

    /// <summary>A checkpoint's weights, copied in F32 and all to be trained.</summary>
    /// <param name="config">The model's shape, as <see cref="LanguageModel"/> has read it.</param>
    /// <param name="weights">The weights by their GGUF names, complete.</param>
    /// <exception cref="ModelLoadException">The architecture is not one that can be trained, or a tensor is missing or of another shape;
    /// the message names it.</exception>
    public static TrainableModel Copy(ModelConfig config, IEnumerable<Tensor> weights) =>
        new(Supported(config), new WeightWiring(weights, isFrozen: false), lora: null);

    /// <summary>
    /// A checkpoint's weights, frozen where they lie and as they are stored, with adapters to be trained. B begins at zero, so that
    /// training begins with the model as it is.
    /// </summary>
    /// <param name="config">The model's shape, as <see cref="LanguageModel"/> has read it.</param>
    /// <param name="weights">The weights by their GGUF names; they must stay open as long as the model.</param>
    /// <param name="lora">The shape of the adapters.</param>
    /// <param name="seed">What A is drawn from.</param>
    /// <exception cref="ModelLoadException">The architecture is not one that can be trained, or a tensor is missing or of another shape;
    /// the message names it.</exception>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public static TrainableModel Adapt(ModelConfig config, IEnumerable<Tensor> weights, LoraOptions lora, ulong seed) =>
        new(Supported(config), new WeightWiring(weights, isFrozen: true, seed), lora.Validate());

    /// <summary>All weights of a model that is trained in full, under their GGUF names; they change with training.</summary>
    /// <exception cref="InvalidOperationException">Only adapters are trained.</exception>
    public IEnumerable<Tensor> Weights => Lora is null
        ? _parameters.Select(parameter => parameter.Weight)
        : throw new InvalidOperationException("The model's own weights are not trained; its adapters are.");

    /// <inheritdoc/>
    public void Dispose() => _parameters.ForEach(parameter => parameter.Dispose());

    /// <summary>Refuses a model of a kind that cannot be trained, before its weights or data are read.</summary>
    /// <exception cref="ModelLoadException">The message says why.</exception>
    public static void RequireTrainable(ModelConfig config) => Supported(config);

    private static ModelConfig Supported(ModelConfig config)
    {
        config.Validate();
        if (config.Architecture is not ("qwen2" or "qwen3"))
        {
            throw new ModelLoadException(
                $"Architecture '{config.Architecture}' cannot be trained; this build trains qwen2 and qwen3, dense.");
        }

        if (config.RopeScaling is not null)
        {
            throw new ModelLoadException(
                "A model whose context is stretched (rope scaling) cannot be trained; train it without, and stretch it afterwards.");
        }

        return config;
    }
}
