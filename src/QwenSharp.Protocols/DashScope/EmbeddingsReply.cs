namespace QwenSharp.Protocols.DashScope;

/// <summary>The reply of text embedding.</summary>
/// <param name="Output">The embeddings.</param>
/// <param name="Usage">The tokens that were read.</param>
/// <param name="RequestId">The request's name.</param>
public sealed record EmbeddingsReply(EmbeddingsOutput Output, EmbeddingsUsage Usage, string RequestId);

/// <summary>The embeddings of a reply.</summary>
/// <param name="Embeddings">In the order of the texts.</param>
public sealed record EmbeddingsOutput(IReadOnlyList<TextEmbedding> Embeddings);

/// <summary>One embedding.</summary>
/// <param name="TextIndex">The place of its text, from 0.</param>
/// <param name="Embedding">Its elements.</param>
public sealed record TextEmbedding(int TextIndex, IReadOnlyList<float> Embedding);

/// <summary>The tokens that were read.</summary>
/// <param name="TotalTokens">Tokens of all texts.</param>
public sealed record EmbeddingsUsage(long TotalTokens);
