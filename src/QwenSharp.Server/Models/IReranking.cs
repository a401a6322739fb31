using QwenSharp.Faults;

namespace QwenSharp.Server.Models;

/// <summary>Scores documents for a query.</summary>
internal interface IReranking
{
    /// <summary>Scores documents for a query.</summary>
    /// <param name="query">What is asked.</param>
    /// <param name="documents">The documents; at least one.</param>
    /// <param name="instruction">What is looked for, a sentence; null for the model's default.</param>
    /// <param name="cancellationToken">Ends the work between two batches.</param>
    /// <returns>A score from 0 to 1 for each document, in their order, and the tokens that were read.</returns>
    /// <exception cref="OptionException">A document does not fit the context (<c>documents</c>).</exception>
    /// <exception cref="OptionNotSupportedException">The model is none for ranking (<c>ModelId</c>).</exception>
    Task<RankedDocuments> RankAsync(
        string query, IReadOnlyList<string> documents, string? instruction, CancellationToken cancellationToken);
}

/// <summary>What documents are worth to a query.</summary>
/// <param name="Scores">From 0 to 1, in the order of the documents.</param>
/// <param name="Tokens">The tokens of all, with the query and the model's own words around each.</param>
internal sealed record RankedDocuments(IReadOnlyList<float> Scores, long Tokens);
