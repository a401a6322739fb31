using QwenSharp.Formats;
using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// A decoder: immutable weights, and the forward pass from token ids to logits. It holds no state,
/// so several engines may share one; what changes lies in the <see cref="Workspace"/> and the <see cref="KvStore"/>.
/// </summary>
public sealed class LanguageModel
{
    private readonly Tensor _embedding;
    private readonly DecoderLayer[] _layers;
    private readonly Tensor _outputNorm;
    private readonly Linear _head;
    private readonly RotaryPositions _rotary;

    /// <summary>Wires weights by their GGUF names. They are used where they lie, and must stay there as long as the model.</summary>
    /// <exception cref="ModelLoadException">A tensor is missing, left over, or of the wrong shape or type; the message names it.</exception>
    public LanguageModel(ModelConfig config, IEnumerable<Tensor> tensors)
        : this(config, new CheckpointWeights(tensors))
    {
    }

    internal LanguageModel(ModelConfig config, IWeightSource source)
    {
        Config = config.Validate();
        Family family = Family.Of(config.Architecture);
        WeightReader weights = new(source);
        _embedding = weights.Matrix("token_embd.weight", config.Width, config.VocabularySize);
        List<DecoderLayer> layers = [];
        while (layers.Count < config.Layers)
        {
            weights.Enter(layers.Count);
            layers.Add(family.ReadLayer(weights, config));
        }

        _layers = [.. layers];
        weights.Leave();
        _outputNorm = weights.Vector("output_norm.weight", config.Width);
        bool hasHeadBias = weights.Has("output.bias");
        _head = config.HasTiedHead
            ? new Linear(_embedding, hasHeadBias ? weights.Vector("output.bias", config.VocabularySize) : null)
            : weights.Linear("output", config.Width, config.VocabularySize, hasHeadBias);

        // Rerankers carry a classifier beside the language head; next-token logits do not pass through it.
        if (weights.Has("cls.output.weight"))
            weights.Vector("cls.output.weight", config.Width);

        source.RequireNothingLeft();
        ParameterCount = weights.Elements;
        WeightBytes = weights.Bytes;
        BytesPerToken = WeightBytes - (config.HasTiedHead ? 0 : _embedding.ByteLength - _embedding.RowBytes);
        _rotary = new RotaryPositions(config);
    }

    /// <summary>Reads the configuration of a checkpoint and wires its weights.</summary>
    /// <param name="file">The checkpoint; it must stay open as long as the model is used.</param>
    /// <exception cref="ModelLoadException">The architecture is not supported, or a tensor or a key is missing, left over or wrong; the message names it.</exception>
    /// <exception cref="GgufException">A required key is missing or of another type.</exception>
    public static LanguageModel Load(Checkpoint file) => new(ConfigReader.Read(file), file.Tensors);

    /// <summary>The model's lengths and constants.</summary>
    public ModelConfig Config { get; }

    /// <summary>Elements of all weights; a head that is the embedding table counts once.</summary>
    public long ParameterCount { get; }

    /// <summary>Bytes of all weights.</summary>
    public long WeightBytes { get; }

    /// <summary>Bytes of weights that a decode step of one sequence reads: all but the other rows of a separate embedding table.</summary>
    public long BytesPerToken { get; }

    /// <summary>Allocates a KV cache of <paramref name="blocks"/> blocks of <see cref="KvStore.BlockTokens"/> positions.</summary>
    /// <param name="type">F16 or F32.</param>
    /// <param name="blocks">How many blocks.</param>
    public KvStore CreateKvStore(TensorType type, int blocks) => new(type, Config.Layers, Config.KvHeads, Config.HeadLength, blocks);

    /// <summary>
    /// Computes the batch's rows: stores their keys and values, and writes the logits that were asked for
    /// to <see cref="Workspace.Logits"/>, one row of <see cref="ModelConfig.VocabularySize"/> a row of <see cref="Batch.LogitRows"/>.
    /// A row's result does not depend on the other sequences of the batch, nor on how its sequence was cut into batches.
    /// Allocates nothing.
    /// </summary>
    /// <param name="compute">The kernels.</param>
    /// <param name="batch">The rows.</param>
    /// <param name="cache">Keys and values of all sequences.</param>
    /// <param name="w">Scratch with room for the batch.</param>
    public void Forward(Compute compute, Batch batch, KvStore cache, Workspace w)
    {
        int rows = batch.Rows;
        float epsilon = Config.RmsEpsilon;
        compute.Embed(_embedding, batch.Tokens, w.Hidden);
        _rotary.Fill(batch.Positions, w.Rotations);
        for (int l = 0; l < _layers.Length; l++)
        {
            DecoderLayer layer = _layers[l];
            compute.RmsNorm(w.Hidden, rows, layer.MixerNorm, epsilon, w.Normed);
            layer.Mixer.Forward(compute, batch, cache, w);

            // After the last mixer no row reads another one: those without logits are done.
            if (l == _layers.Length - 1)
                rows = KeepRows(w.Hidden, batch.LogitRows);
            if (rows == 0)
                return;

            compute.RmsNorm(w.Hidden, rows, layer.FeedForwardNorm, epsilon, w.Normed);
            layer.FeedForward.Forward(compute, rows, w);
        }

        compute.RmsNorm(w.Hidden, rows, _outputNorm, epsilon, w.Normed);
        compute.Project(w.Normed, rows, _head.Into(w.Logits));
        _head.Finish(w.Logits, rows);
    }

    private static int KeepRows(Activations hidden, ReadOnlySpan<int> ascending)
    {
        for (int i = 0; i < ascending.Length; i++)
        {
            if (ascending[i] != i)
                hidden.Row(ascending[i]).CopyTo(hidden.Row(i));
        }

        return ascending.Length;
    }
}
