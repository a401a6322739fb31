namespace QwenSharp.Server.Models;

/// <summary>Scores of a model of this process; its memory is taken at the first request.</summary>
internal sealed class QwenReranking(QwenModel model) : IReranking, IDisposable
{
    private readonly Lazy<Reranker> _reranker = new(() => new Reranker(model));

    /// <inheritdoc/>
    public async Task<RankedDocuments> RankAsync(
        string query, IReadOnlyList<string> documents, string? instruction, CancellationToken cancellationToken)
    {
        Reranker reranker = _reranker.Value;
        IReadOnlyList<float> scores = await reranker.ScoreAsync(query, documents, instruction, cancellationToken).ConfigureAwait(false);
        return new RankedDocuments(scores, documents.Sum(document => (long)reranker.CountTokens(query, document, instruction)));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_reranker.IsValueCreated)
            _reranker.Value.Dispose();
    }
}
