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
    private readonly NextTokenBlock[] _nextTokens;
    private readonly Tensor _outputNorm;
    private readonly Linear _head;
    private readonly Linear? _classifier;
    private readonly RotaryPositions _rotary;
    private readonly WeightFiles _files;

    /// <summary>Wires weights by their GGUF names. They are used where they lie, and must stay there as long as the model.</summary>
    /// <exception cref="ModelLoadException">A tensor is missing, left over, or of the wrong shape or type; the message names
    /// it.</exception>
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
        List<NextTokenBlock> blocks = [];
        while (blocks.Count < config.NextTokenLayers)
        {
            weights.Enter(layers.Count + blocks.Count);
            blocks.Add(NextTokenBlock.Read(weights, config, family.ReadLayer(weights, config)));
        }

        _nextTokens = [.. blocks];
        weights.Leave();
        _outputNorm = weights.Vector("output_norm.weight", config.Width);
        bool hasHeadBias = weights.Has("output.bias");
        _head = config.HasTiedHead
            ? new Linear(_embedding, hasHeadBias ? weights.Vector("output.bias", config.VocabularySize) : null)
            : weights.Linear("output", config.Width, config.VocabularySize, hasHeadBias);
        if (family.IgnoresHeadBias)
            _head = _head with { Bias = null };

        // Rerankers carry a classifier beside the language head.
        int classes = config.ClassifierLabels.Count;
        if (classes > 1)
            _classifier = new Linear(weights.Matrix("cls.output.weight", config.Width, classes));
        else if (classes == 1 || weights.Has("cls.output.weight"))
            _classifier = new Linear(weights.Vector("cls.output.weight", config.Width).Slice(0, [config.Width, 1]));

        source.RequireNothingLeft();
        _files = new WeightFiles(weights.Files);
        ParameterCount = weights.Elements;
        WeightBytes = weights.Bytes;
        BytesPerToken = weights.BytesPerToken - (config.HasTiedHead ? 0 : _embedding.ByteLength - _embedding.RowBytes);
        _rotary = new RotaryPositions(config);
    }

    /// <summary>Reads the configuration of a checkpoint and wires its weights.</summary>
    /// <param name="file">The checkpoint; it must stay open as long as the model is used.</param>
    /// <exception cref="ModelLoadException">The architecture is not supported, or a tensor or a key is missing, left over or wrong; the
    /// message names it.</exception>
    /// <exception cref="GgufException">A required key is missing or of another type.</exception>
    public static LanguageModel Load(Checkpoint file)
    {
        ModelConfig config = ConfigReader.Read(file);
        return new(config, new CheckpointWeights(DraftingBlocks.Without(file.Tensors, config), file.OriginOf));
    }

    /// <summary>The tensors of a checkpoint that its model uses: all but those of blocks that draft and are not whole.</summary>
    public static IEnumerable<Tensor> TensorsOf(Checkpoint file, ModelConfig config) => DraftingBlocks.Without(file.Tensors, config);

    /// <summary>The model's lengths and constants.</summary>
    public ModelConfig Config { get; }

    /// <summary>Elements of all weights; a head that is the embedding table counts once.</summary>
    public long ParameterCount { get; }

    /// <summary>Bytes of all weights.</summary>
    public long WeightBytes { get; }

    /// <summary>
    /// Bytes of weights that a decode step of one sequence reads: all but the other rows of a separate embedding table, and experts that it
    /// does not hit.
    /// </summary>
    public long BytesPerToken { get; }

    /// <summary>
    /// Checks an adapter against this model and finds the matrices that it changes. The weights are neither copied nor touched.
    /// </summary>
    /// <exception cref="ModelLoadException">It is for another architecture, or one of its pairs has no place here or another shape; the
    /// message names it.</exception>
    public FittedAdapter Fit(LoraAdapter adapter) => new(this, adapter);

    /// <summary>The maps that adapters may change. A tied head is none of them: it is the embedding table.</summary>
    internal IEnumerable<Linear> Linears => _layers.Concat(_nextTokens.Select(block => block.Layer))
        .SelectMany(layer => layer.Mixer.Linears.Concat(layer.FeedForward.Linears))
        .Concat(Config.HasTiedHead ? [] : [_head]);

    /// <summary>
    /// From here to <see cref="Leave"/> the files stay mapped that the weights lie in: whoever closes them waits. A pass is taken in
    /// between.
    /// </summary>
    /// <exception cref="ObjectDisposedException">One of them was closed.</exception>
    public void Enter() => _files.Enter();

    /// <summary>Ends what <see cref="Enter"/> began.</summary>
    public void Leave() => _files.Leave();

    /// <summary>Allocates a KV cache of <paramref name="blocks"/> blocks of <see cref="KvStore.BlockTokens"/> positions.</summary>
    /// <param name="compute">The backend that will compute on it.</param>
    /// <param name="type">One of <see cref="KvStore.Types"/>.</param>
    /// <param name="blocks">How many blocks.</param>
    public KvStore CreateKvStore(Compute compute, TensorType type, int blocks) =>
        compute.CreateKvStore(type, Config.AttentionLayers, Config.KvHeads, Config.HeadLength, blocks);

    /// <summary>
    /// Allocates the states of recurrent layers for <paramref name="slots"/> sequences; null where no layer is recurrent.
    /// </summary>
    /// <param name="compute">The backend that will compute on it.</param>
    /// <param name="slots">How many sequences.</param>
    public RecurrentStore? CreateRecurrentStore(Compute compute, int slots) =>
        Config.Recurrent is { } recurrent ? compute.CreateRecurrentStore(recurrent.Shape, recurrent.Count(Config.Layers), slots) : null;

    /// <summary>Allocates a KV cache for the blocks that draft the token after next, which attend to what they computed before.</summary>
    /// <param name="compute">The backend that will compute on it.</param>
    /// <param name="type">One of <see cref="KvStore.Types"/>.</param>
    /// <param name="blocks">How many blocks; a sequence uses the same numbers as in the cache of the layers.</param>
    /// <exception cref="InvalidOperationException">The model has no such block.</exception>
    public KvStore CreateNextTokenKvStore(Compute compute, TensorType type, int blocks) =>
        compute.CreateKvStore(type, RequireNextTokens(), Config.KvHeads, Config.HeadLength, blocks);

    /// <summary>
    /// Computes the batch's rows: stores their keys and values, and writes the final hidden states that were asked for to
    /// <see cref="Workspace.FinalHidden"/>, one row a row of <see cref="Batch.KeptRows"/>, and the logits
    /// to <see cref="Workspace.Logits"/>, one row of <see cref="ModelConfig.VocabularySize"/> a row of <see cref="Batch.ScoredRows"/>.
    /// A row's result does not depend on the other sequences of the batch, nor on how its sequence was cut into batches.
    /// Allocates nothing.
    /// </summary>
    /// <param name="compute">The kernels.</param>
    /// <param name="batch">The rows.</param>
    /// <param name="cache">Keys and values of all sequences.</param>
    /// <param name="w">Scratch with room for the batch.</param>
    /// <param name="states">The states of all sequences, where the model has recurrent layers.</param>
    /// <exception cref="ArgumentException">The model has recurrent layers and there is no store for them, or it holds the state of another
    /// position.</exception>
    public void Forward(Compute compute, Batch batch, KvStore cache, Workspace w, RecurrentStore? states = null)
    {
        if (states is null && Config.Recurrent is not null)
            throw new ArgumentException("The model has recurrent layers; they need a store of states.", nameof(states));

        states?.Enter(batch.Sequences);
        SequenceStores stores = new(cache, states);
        w.Adapters.Begin(batch, this);
        compute.Embed(_embedding, batch.Tokens, w.Hidden);
        w.Adapters.AddEmbeddings(compute, batch.Tokens, w.Hidden);
        _rotary.Fill(compute, batch, w.Rotations);
        for (int l = 0; l < _layers.Length; l++)
            Forward(compute, batch, stores, _layers[l], isLast: l == _layers.Length - 1, w);

        states?.Leave(batch.Sequences);
        Answer(compute, batch, _outputNorm, _head, w);
    }

    /// <summary>
    /// Drafts the token after next (multi-token prediction): from the final hidden state of position t and the token at t + 1 come the
    /// logits of t + 2.
    /// The rows' logits go to <see cref="Workspace.Logits"/> as with
    /// <see cref="Forward(Compute, Batch, KvStore, Workspace, RecurrentStore?)"/>,
    /// and what takes the place of their final hidden states to <see cref="Workspace.FinalHidden"/>, for the block that drafts one token
    /// further.
    /// </summary>
    /// <param name="compute">The kernels.</param>
    /// <param name="batch">A row for each t, at position t: the token at t + 1. All earlier positions are in
    /// <paramref name="cache"/>.</param>
    /// <param name="hidden">The final hidden state (behind the output norm) of position t, [rows, <see cref="ModelConfig.Width"/>]:
    /// <see cref="Workspace.FinalHidden"/> itself where its rows are these, or a copy.</param>
    /// <param name="cache">Made by <see cref="CreateNextTokenKvStore"/>.</param>
    /// <param name="w">Scratch with room for the batch.</param>
    /// <param name="block">Which of the <see cref="ModelConfig.NextTokenLayers"/> blocks.</param>
    /// <exception cref="InvalidOperationException">The model has no such block.</exception>
    public void PredictNext(Compute compute, Batch batch, Activations hidden, KvStore cache, Workspace w, int block = 0)
    {
        if ((uint)block >= (uint)RequireNextTokens())
        {
            throw new InvalidOperationException(
                $"The model has {_nextTokens.Length} blocks for the token after next, and no block {block}.");
        }

        NextTokenBlock next = _nextTokens[block];
        w.Adapters.Begin(batch, this);
        _rotary.Fill(compute, batch, w.Rotations);
        next.Begin(compute, _embedding, batch.Tokens, hidden, Config.RmsEpsilon, w);
        Forward(compute, batch, new SequenceStores(cache, null), next.Layer, isLast: true, w);
        Answer(compute, batch, next.OutputNorm ?? _outputNorm, next.Head ?? _head, w);
    }

    /// <summary>
    /// Outputs of the classifier head that some models carry beside the language head (rerankers); 0 where there is none.
    /// </summary>
    public int ClassifierOutputs => _classifier?.Weight.Rows ?? 0;

    /// <summary>Applies the classifier head to the final hidden states of the last forward pass.</summary>
    /// <param name="compute">The kernels.</param>
    /// <param name="rows">How many rows there are of them.</param>
    /// <param name="w">The workspace of that pass.</param>
    /// <param name="scores">Where the scores go, [rows, <see cref="ClassifierOutputs"/>].</param>
    /// <exception cref="InvalidOperationException">The model has no such head.</exception>
    public void Classify(Compute compute, int rows, Workspace w, Activations scores) =>
        compute.Project(
            w.Normed,
            rows,
            (_classifier ?? throw new InvalidOperationException("The model has no classifier head.")).Into(scores));

    /// <summary>One layer; the last one goes on with the kept rows alone, as after its mixer no row reads another.</summary>
    private void Forward(Compute compute, Batch batch, in SequenceStores stores, DecoderLayer layer, bool isLast, Workspace w)
    {
        compute.RmsNorm(w.Hidden, batch.Rows, layer.MixerNorm, Config.RmsEpsilon, w.Normed);
        layer.Mixer.Forward(compute, batch, stores, w);
        int rows = isLast ? KeepRows(compute, w, batch.KeptRows) : batch.Rows;
        if (rows > 0)
        {
            compute.RmsNorm(w.Hidden, rows, layer.FeedForwardNorm, Config.RmsEpsilon, w.Normed);
            layer.FeedForward.Forward(compute, rows, w);
        }
    }

    private void Answer(Compute compute, Batch batch, Tensor norm, Linear head, Workspace w)
    {
        int kept = batch.KeptRows.Length, scored = batch.ScoredRows.Length;
        compute.RmsNorm(w.Hidden, kept, norm, Config.RmsEpsilon, w.Normed);
        if (scored == 0)
            return;

        Activations x = w.Normed;
        if (scored < kept)
        {
            x = w.Scored;
            compute.Gather(w.Normed, batch.ScoredOfKept, x);
            w.Adapters.Keep(batch.ScoredOfKept);
        }

        w.Project(compute, x, scored, head.Into(w.Logits));
    }

    private int RequireNextTokens() => _nextTokens.Length > 0
        ? _nextTokens.Length
        : throw new InvalidOperationException("The model has no block for the token after next.");

    private static int KeepRows(Compute compute, Workspace w, ReadOnlySpan<int> ascending)
    {
        compute.KeepRows(w.Hidden, ascending);
        w.Adapters.Keep(ascending);
        return ascending.Length;
    }
}
