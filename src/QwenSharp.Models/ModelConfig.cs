using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// What a forward pass needs to know of a decoder, normalised once when the model is loaded:
/// lengths in elements, every optional key resolved to its value.
/// </summary>
public sealed record ModelConfig
{
    private readonly int? _rotaryLength;

    /// <summary>The family, by GGUF's name (<c>general.architecture</c>): "qwen2", "qwen3moe".</summary>
    public required string Architecture { get; init; }

    /// <summary>Tokens in the vocabulary: rows of the embedding table, and logits of a position.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Features of the residual stream.</summary>
    public required int Width { get; init; }

    /// <summary>Decoder layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Query heads of a layer.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads of a layer; each serves <see cref="Heads"/> ÷ <see cref="KvHeads"/> query heads (GQA).</summary>
    public required int KvHeads { get; init; }

    /// <summary>Features of a head. Qwen3 chooses it apart from <see cref="Width"/> ÷ <see cref="Heads"/>.</summary>
    public required int HeadLength { get; init; }

    /// <summary>Hidden features of a dense feed-forward network; 0 where all layers have experts.</summary>
    public int FeedForwardWidth { get; init; }

    /// <summary>The experts of the feed-forward networks; null where these are dense.</summary>
    public MixtureOfExperts? Experts { get; init; }

    /// <summary>Positions that the model was trained for.</summary>
    public required int ContextLength { get; init; }

    /// <summary>ε of RMSNorm.</summary>
    public float RmsEpsilon { get; init; } = 1e-6f;

    /// <summary>θ of the rotary position embedding.</summary>
    public float RopeTheta { get; init; } = 10_000;

    /// <summary>How rotary angles are stretched to a longer context; null for not at all.</summary>
    public RopeScaling? RopeScaling { get; init; }

    /// <summary>How a text's hidden states become one answer, in models that embed or rank texts.</summary>
    public Pooling Pooling { get; init; }

    /// <summary>What the outputs of a classifier head mean, in its order; empty where there is no such head or it has one output.</summary>
    public IReadOnlyList<string> ClassifierLabels { get; init; } = [];

    /// <summary>Elements of a head, from the first on, that are rotated: all of them, or a part.</summary>
    public int RotaryLength
    {
        get => _rotaryLength ?? HeadLength;
        init => _rotaryLength = value == HeadLength ? null : value;
    }

    /// <summary>
    /// How the rotated pairs of a head share time, height and width of a position (M-RoPE); null where positions are plain numbers.
    /// </summary>
    public RotarySections? RotarySections { get; init; }

    /// <summary>Whether the output head is the embedding table.</summary>
    public bool HasTiedHead { get; init; }

    /// <summary>Whether each query and key head is normalised before it is rotated (Qwen3).</summary>
    public bool HasQkNorm { get; init; }

    /// <summary>Whether the query, key and value projections have a bias (Qwen2).</summary>
    public bool HasQkvBias { get; init; }

    /// <summary>Whether one matrix makes queries, keys and values, in this order (the first Qwen).</summary>
    public bool HasFusedQkv { get; init; }

    /// <summary>
    /// Whether the output of attention is multiplied by σ of a gate, which the query projection makes beside each query (Qwen3-Next).
    /// </summary>
    public bool HasGatedAttention { get; init; }

    /// <summary>The layers that carry a state in place of attention; null where all layers have attention.</summary>
    public RecurrentLayers? Recurrent { get; init; }

    /// <summary>Blocks behind the layers that draft the token after next (MTP); 0 for none.</summary>
    public int NextTokenLayers { get; init; }

    /// <summary>Layers with attention: those of the KV cache.</summary>
    public int AttentionLayers => Layers - (Recurrent?.Count(Layers) ?? 0);

    /// <summary>Hidden features that every token passes: of the dense network, or of the shared expert; 0 where there is neither.</summary>
    public int DenseWidth => Experts?.SharedWidth ?? FeedForwardWidth;

    /// <summary>Elements of all query heads together.</summary>
    public int QueryWidth => Heads * HeadLength;

    /// <summary>Elements of all key heads together, and of all value heads.</summary>
    public int KvWidth => KvHeads * HeadLength;

    /// <summary>Bytes that a position takes in a KV cache of this type, over all layers with attention.</summary>
    /// <exception cref="ArgumentException">A head is not whole blocks of the type (<see cref="KvStore.Holds"/>).</exception>
    public long KvBytesPerToken(TensorType type) => 2L * AttentionLayers * KvHeads * type.Bytes(HeadLength);

    /// <summary>Bytes that a sequence takes in a store of recurrent states, whatever its length; 0 where no layer is recurrent.</summary>
    public long StateBytesPerSequence => Recurrent is null ? 0 : RecurrentStore.BytesPerSlot(Recurrent.Shape, Recurrent.Count(Layers));

    /// <summary>Whether a layer is recurrent; drafting blocks, numbered behind the layers, never are.</summary>
    internal bool IsRecurrent(int layer) => layer < Layers && Recurrent is not null && Recurrent.Contains(layer);

    /// <summary>
    /// Which layer of its KV cache the attention of a layer owns. Drafting blocks, numbered behind the layers, have a cache of their own.
    /// </summary>
    internal int CacheLayerOf(int layer) => layer >= Layers ? layer - Layers : layer / (Recurrent?.AttentionInterval ?? 1);

    /// <summary>Which layer of the store of states a recurrent layer owns.</summary>
    internal int StateLayerOf(int layer) => Recurrent!.Count(layer);

    /// <summary>Refuses numbers that no forward pass could work with.</summary>
    /// <exception cref="ModelLoadException">A length is not positive, or lengths do not fit each other; the message names it.</exception>
    public ModelConfig Validate()
    {
        Positive(VocabularySize, nameof(VocabularySize));
        Positive(Width, nameof(Width));
        Positive(Layers, nameof(Layers));
        Positive(Heads, nameof(Heads));
        Positive(KvHeads, nameof(KvHeads));
        Positive(HeadLength, nameof(HeadLength));
        if (Experts is null)
            Positive(FeedForwardWidth, nameof(FeedForwardWidth));
        else
            Experts.Validate();

        Positive(ContextLength, nameof(ContextLength));
        if (Heads % KvHeads != 0)
            throw new ModelLoadException($"{Heads} query heads cannot share {KvHeads} KV heads evenly.");
        if (RotaryLength % 2 != 0 || RotaryLength < 2 || RotaryLength > HeadLength)
        {
            throw new ModelLoadException(
                $"{RotaryLength} elements of a head of {HeadLength} cannot be rotated: an even number of them can.");
        }

        RotarySections?.Validate(RotaryLength / 2);
        if (!(RmsEpsilon >= 0) || !float.IsFinite(RmsEpsilon))
            throw new ModelLoadException($"The epsilon of RMSNorm is {RmsEpsilon}; it cannot be negative.");
        if (!(RopeTheta > 1) || !float.IsFinite(RopeTheta))
            throw new ModelLoadException($"The base of the rotary embedding is {RopeTheta}; it must be above 1.");

        if (NextTokenLayers is < 0 or > 1 << 10)
            throw new ModelLoadException($"{NextTokenLayers} blocks for the token after next are not possible.");

        Recurrent?.Validate(Layers);
        return this;
    }

    private static void Positive(int value, string name)
    {
        // The bound keeps products of two lengths inside 63 bits and sizes of one row inside an int.
        if (value is <= 0 or > 1 << 24)
            throw new ModelLoadException($"{name} is {value}; 1 to {1 << 24} are allowed.");
    }
}
