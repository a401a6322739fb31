using QwenSharp.Chat;

namespace QwenSharp.Protocols.DashScope;

/// <summary>The log-probabilities of an answer's tokens.</summary>
/// <param name="Content">One entry a token, in order.</param>
public sealed record GenerationLogprobs(IReadOnlyList<TokenLogprob> Content)
{
    internal static GenerationLogprobs Of(IEnumerable<TextToken> tokens) => new([.. tokens.Select(TokenLogprob.Of)]);
}

/// <summary>One token that was chosen, and the likeliest at its place.</summary>
/// <param name="Token">Its text, with U+FFFD for what is not a whole character.</param>
/// <param name="Logprob">The natural logarithm of its probability.</param>
/// <param name="Bytes">Its bytes.</param>
/// <param name="TopLogprobs">The likeliest tokens, likeliest first.</param>
public sealed record TokenLogprob(string Token, float Logprob, IReadOnlyList<int> Bytes, IReadOnlyList<TopLogprob> TopLogprobs)
{
    // JSON has no infinity.
    private const float Least = -9999;

    internal static TokenLogprob Of(TextToken token) => new(
        token.Text,
        Math.Max(token.Logprob, Least),
        Numbers(token),
        [.. token.Top.Select(top => new TopLogprob(top.Text, Math.Max(top.Logprob, Least), Numbers(top)))]);

    // JSON writes bytes as base64; the protocol wants numbers.
    private static int[] Numbers(TextToken token) => [.. token.Bytes.ToArray().Select(part => (int)part)];
}

/// <summary>One of the likeliest tokens.</summary>
/// <param name="Token">Its text, with U+FFFD for what is not a whole character.</param>
/// <param name="Logprob">The natural logarithm of its probability.</param>
/// <param name="Bytes">Its bytes.</param>
public sealed record TopLogprob(string Token, float Logprob, IReadOnlyList<int> Bytes);
