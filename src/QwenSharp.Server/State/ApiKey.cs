namespace QwenSharp.Server.State;

/// <summary>A key that was made. Its secret is nowhere.</summary>
/// <param name="Id">Its public part, <c>qs_</c> and twelve characters, with which the key begins.</param>
/// <param name="Terms">What its holder may do.</param>
/// <param name="Created">When it was made.</param>
/// <param name="Revoked">When it was revoked; null for not.</param>
public sealed record ApiKey(string Id, ApiKeyTerms Terms, DateTimeOffset Created, DateTimeOffset? Revoked);

/// <summary>What a key has used of a model on one day.</summary>
/// <param name="KeyId">The key.</param>
/// <param name="Day">The day, in UTC.</param>
/// <param name="Model">The model's name.</param>
/// <param name="Requests">Answers that were begun.</param>
/// <param name="PromptTokens">Tokens of prompts.</param>
/// <param name="CachedTokens">Those of them that the prefix cache had.</param>
/// <param name="CompletionTokens">Tokens of answers.</param>
public sealed record KeyUsage(
    string KeyId, DateOnly Day, string Model, long Requests, long PromptTokens, long CachedTokens, long CompletionTokens);
