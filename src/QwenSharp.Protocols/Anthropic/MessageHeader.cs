namespace QwenSharp.Protocols.Anthropic;

/// <summary>What is known of a reply before it begins.</summary>
/// <param name="Model">Who answers.</param>
/// <param name="CountPrompt">
/// Counts the tokens of its prompt; asked once the model has taken it, so that what is too long is refused before it is counted.
/// </param>
/// <param name="MaxTokens">The most tokens that were asked for.</param>
/// <param name="HidesThinking">Whether thoughts are left out of the reply, and their signatures alone come.</param>
public sealed record MessageHeader(string Model, Func<long> CountPrompt, int MaxTokens, bool HidesThinking)
{
    /// <summary>The reply's own name.</summary>
    public string Id { get; } = $"msg_{Guid.NewGuid():N}";
}
