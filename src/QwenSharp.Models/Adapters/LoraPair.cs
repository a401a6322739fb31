using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// What low-rank adaptation adds to one matrix W of a model: y = Wx + s·B(Ax), with few inner features (the rank) between A and B
/// (Hu et al., 2021, "LoRA", arXiv 2106.09685).
/// </summary>
/// <remarks>
/// For the embedding table, whose input is a token, A holds that token's inner features in a row: [rank, vocabulary], as llama.cpp's files
/// have it.
/// </remarks>
public sealed record LoraPair
{
    /// <summary>The GGUF name of the embedding table.</summary>
    internal const string EmbeddingTable = "token_embd.weight";

    /// <summary>Joins two matrices.</summary>
    /// <param name="target">The GGUF name of the matrix that changes: "blk.3.attn_q.weight".</param>
    /// <param name="a">A, of shape [in, rank]; for the embedding table [rank, vocabulary].</param>
    /// <param name="b">B, of shape [rank, out].</param>
    /// <param name="alpha">α of this pair, where it is not the adapter's.</param>
    /// <exception cref="ArgumentException">The shapes do not fit each other, or a type is not F32, F16 or BF16.</exception>
    public LoraPair(string target, Tensor a, Tensor b, float? alpha = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(target);
        (Target, A, B, Alpha) = (target, a, b, alpha);
        foreach (Tensor tensor in (Tensor[])[a, b])
        {
            if (tensor.Type is not (TensorType.F32 or TensorType.F16 or TensorType.BF16))
                throw new ArgumentException($"{tensor} of an adapter must be F32, F16 or BF16.");
            if (tensor.Shape.Length != 2 || tensor.ElementCount == 0)
                throw new ArgumentException($"{tensor} of an adapter is no matrix.");
        }

        if (b.Columns != (IsEmbedding ? a.Columns : a.Rows))
        {
            throw new ArgumentException(
                $"{a} and {b} of an adapter do not fit each other: the one has {(IsEmbedding ? a.Columns : a.Rows)} inner features, the "
                    + $"other {b.Columns}."
            );
        }

        if (alpha is { } own && !float.IsFinite(own))
            throw new ArgumentException($"The α of '{target}' is {own}.");
    }

    /// <summary>The GGUF name of the matrix that changes.</summary>
    public string Target { get; }

    /// <summary>A, of shape [in, rank]; for the embedding table [rank, vocabulary].</summary>
    public Tensor A { get; }

    /// <summary>B, of shape [rank, out].</summary>
    public Tensor B { get; }

    /// <summary>α of this pair, where it is not the adapter's.</summary>
    public float? Alpha { get; }

    /// <summary>Inner features.</summary>
    public int Rank => B.Columns;

    /// <summary>Whether the target is the embedding table.</summary>
    internal bool IsEmbedding => Target == EmbeddingTable;

    /// <summary>Elements of a row of the target.</summary>
    internal int Columns => IsEmbedding ? B.Rows : A.Columns;

    /// <summary>Rows of the target.</summary>
    internal int Rows => IsEmbedding ? A.Rows : B.Rows;
}
