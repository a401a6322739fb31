using Microsoft.Extensions.AI;
using QwenSharp.Faults;

namespace QwenSharp.Server.Models;

/// <summary>Embeds texts, or their token ids; a neutral embedding generator takes texts alone.</summary>
internal interface ITextEmbedding
{
    /// <summary>Embeds texts.</summary>
    /// <param name="request">The texts and how.</param>
    /// <param name="cancellationToken">Ends the work between two batches.</param>
    /// <returns>Embeddings of length 1, in the order of the texts, and in <c>Usage</c> their tokens.</returns>
    /// <exception cref="OptionException">
    /// The dimensions are out of range (<c>Dimensions</c>), or a text does not fit the context or the vocabulary (<c>values</c>).
    /// </exception>
    /// <exception cref="OptionNotSupportedException">The model is none for embeddings (<c>ModelId</c>).</exception>
    Task<GeneratedEmbeddings<Embedding<float>>> EmbedAsync(EmbeddingRequest request, CancellationToken cancellationToken);
}
