using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// What a forward pass needs to know of a dense decoder, normalised once when the model is loaded:
/// lengths in elements, every optional key resolved to its value.
/// </summary>
public sealed record ModelConfig
{
    /// <summary>The family, by GGUF's name (<c>general.architecture</c>): "qwen2", "qwen3".</summary>
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

    /// <summary>Hidden features of the feed-forward network.</summary>
    public required int FeedForwardWidth { get; init; }

    /// <summary>Positions that the model was trained for.</summary>
    public required int ContextLength { get; init; }

    /// <summary>ε of RMSNorm.</summary>
    public float RmsEpsilon { get; init; } = 1e-6f;

    /// <summary>θ of the rotary position embedding.</summary>
    public float RopeTheta { get; init; } = 10_000;

    /// <summary>How rotary angles are stretched to a longer context; null for not at all.</summary>
    public RopeScaling? RopeScaling { get; init; }

    /// <summary>Whether the output head is the embedding table.</summary>
    public bool HasTiedHead { get; init; }

    /// <summary>Whether each query and key head is normalised before it is rotated (Qwen3).</summary>
    public bool HasQkNorm { get; init; }

    /// <summary>Whether the query, key and value projections have a bias (Qwen2).</summary>
    public bool HasQkvBias { get; init; }

    /// <summary>Whether one matrix makes queries, keys and values, in this order (the first Qwen).</summary>
    public bool HasFusedQkv { get; init; }

    /// <summary>Elements of all query heads together.</summary>
    public int QueryWidth => Heads * HeadLength;

    /// <summary>Elements of all key heads together, and of all value heads.</summary>
    public int KvWidth => KvHeads * HeadLength;

    /// <summary>Bytes that a position takes in a KV cache of this type, over all layers.</summary>
    public long KvBytesPerToken(TensorType type) => 2L * Layers * KvWidth * type.BlockBytes();

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
        Positive(FeedForwardWidth, nameof(FeedForwardWidth));
        Positive(ContextLength, nameof(ContextLength));
        if (Heads % KvHeads != 0)
            throw new ModelLoadException($"{Heads} query heads cannot share {KvHeads} KV heads evenly.");
        if (HeadLength % 2 != 0)
            throw new ModelLoadException($"A head of {HeadLength} elements cannot be rotated: its length must be even.");
        if (!(RmsEpsilon > 0) || !float.IsFinite(RmsEpsilon))
            throw new ModelLoadException($"The epsilon of RMSNorm is {RmsEpsilon}; it must be positive.");
        if (!(RopeTheta > 1) || !float.IsFinite(RopeTheta))
            throw new ModelLoadException($"The base of the rotary embedding is {RopeTheta}; it must be above 1.");

        return this;
    }

    private static void Positive(int value, string name)
    {
        // The bound keeps products of two lengths inside 63 bits and sizes of one row inside an int.
        if (value is <= 0 or > 1 << 24)
            throw new ModelLoadException($"{name} is {value}; 1 to {1 << 24} are allowed.");
    }
}
