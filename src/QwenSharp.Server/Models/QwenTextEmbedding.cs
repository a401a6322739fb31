using Microsoft.Extensions.AI;

namespace QwenSharp.Server.Models;

/// <summary>Embeddings of a model of this process; its memory is taken at the first request.</summary>
internal sealed class QwenTextEmbedding(QwenModel model) : ITextEmbedding, IDisposable
{
    private readonly Lazy<TextEmbedder> _embedder = new(() => new TextEmbedder(model));

    /// <inheritdoc/>
    public Task<GeneratedEmbeddings<Embedding<float>>> EmbedAsync(EmbeddingRequest request, CancellationToken cancellationToken)
    {
        TextEmbedder embedder = _embedder.Value;
        int[][] texts = [.. request.Inputs.Select(input => input.Tokens is { } tokens
            ? embedder.Encode(tokens, request.Truncate)
            : embedder.Encode(input.Text!, request.Instruction, request.Truncate))];
        return embedder.GenerateAsync(texts, request.Dimensions, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_embedder.IsValueCreated)
            _embedder.Value.Dispose();
    }
}
