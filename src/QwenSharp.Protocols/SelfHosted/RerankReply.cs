using System.Text.Json.Serialization;

namespace QwenSharp.Protocols.SelfHosted;

/// <summary>The reply of <c>/v1/rerank</c>.</summary>
/// <param name="Id">The reply's own name.</param>
/// <param name="Model">Who ranked.</param>
/// <param name="Usage">The tokens that were read.</param>
/// <param name="Results">The documents, the best first.</param>
public sealed record RerankReply(string Id, string Model, ReadUsage Usage, IReadOnlyList<RerankResult> Results)
{
    /// <summary>Always <c>list</c>.</summary>
    public string Object { get; } = "list";
}

/// <summary>What one document is worth.</summary>
/// <param name="Index">Its place in the request, from 0.</param>
/// <param name="RelevanceScore">How well it answers the query, from 0 to 1.</param>
/// <param name="Document">Itself, where the request wants it.</param>
public sealed record RerankResult(
    int Index,
    float RelevanceScore,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] RerankDocument? Document);

/// <summary>A document.</summary>
/// <param name="Text">Its text.</param>
public sealed record RerankDocument(string Text);

/// <summary>The tokens that were read; nothing is written.</summary>
/// <param name="PromptTokens">Tokens of all texts, with the model's own words around each.</param>
/// <param name="TotalTokens">The same.</param>
public sealed record ReadUsage(long PromptTokens, long TotalTokens)
{
    /// <summary>The usage of texts of so many tokens.</summary>
    public static ReadUsage Of(long tokens) => new(tokens, tokens);
}
