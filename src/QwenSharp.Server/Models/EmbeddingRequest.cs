using QwenSharp.Protocols.Requests;

namespace QwenSharp.Server.Models;

/// <summary>Texts to embed.</summary>
/// <param name="Inputs">The texts, or their token ids; at least one.</param>
internal sealed record EmbeddingRequest(IReadOnlyList<CompletionPrompt> Inputs)
{
    /// <summary>How many elements of each embedding to keep, scaled to length 1 again; null for all.</summary>
    public int? Dimensions { get; init; }

    /// <summary>For queries: the task that they come from, a sentence; null for none. Token ids have theirs already.</summary>
    public string? Instruction { get; init; }

    /// <summary>Whether the end of a text that is longer than the context is left out; else it is refused.</summary>
    public bool Truncate { get; init; }
}
