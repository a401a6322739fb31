namespace QwenSharp.Protocols.Anthropic;

/// <summary>What is known of a reply before it begins.</summary>
/// <param name="Model">Who answers.</param>
/// <param name="PromptTokens">The tokens of its prompt.</param>
/// <param name="MaxTokens">The most tokens that were asked for.</param>
/// <param name="HidesThinking">Whether thoughts are left out of the reply, and their signatures alone come.</param>
public sealed record MessageHeader(string Model, long PromptTokens, int MaxTokens, bool HidesThinking)
{
    /// <summary>The reply's own name.</summary>
    public string Id { get; } = $"msg_{Guid.NewGuid():N}";
}
