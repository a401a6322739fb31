using QwenSharp.Chat;
using QwenSharp.Protocols.Events;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>The log-probabilities of an answer's tokens.</summary>
/// <param name="Content">One entry a token, in order.</param>
public sealed record ChatLogprobs(IReadOnlyList<TokenLogprob> Content)
{
    /// <summary>Always null: refusals come as content.</summary>
    public IReadOnlyList<TokenLogprob>? Refusal { get; }

    // Null where they were not asked for.
    internal static ChatLogprobs? Of(IReadOnlyList<TextToken> tokens, ReplyHeader header) =>
        header.Logprobs ? new([.. tokens.Select(TokenLogprob.Of)]) : null;
}

/// <summary>One token that was chosen, and the likeliest at its place.</summary>
/// <param name="Token">Its text, with U+FFFD for what is not a whole character.</param>
/// <param name="Logprob">The natural logarithm of its probability.</param>
/// <param name="Bytes">Its bytes.</param>
/// <param name="TopLogprobs">The likeliest tokens, likeliest first.</param>
public sealed record TokenLogprob(string Token, float Logprob, IReadOnlyList<int> Bytes, IReadOnlyList<TopLogprob> TopLogprobs)
{
    internal static TokenLogprob Of(TextToken token) =>
        new(token.Text, TopLogprob.Finite(token.Logprob), TopLogprob.Numbers(token.Bytes), [.. token.Top.Select(TopLogprob.Of)]);
}

/// <summary>One of the likeliest tokens.</summary>
/// <param name="Token">Its text, with U+FFFD for what is not a whole character.</param>
/// <param name="Logprob">The natural logarithm of its probability.</param>
/// <param name="Bytes">Its bytes.</param>
public sealed record TopLogprob(string Token, float Logprob, IReadOnlyList<int> Bytes)
{
    internal static TopLogprob Of(TextToken token) => new(token.Text, Finite(token.Logprob), Numbers(token.Bytes));

    // JSON has no infinity; OpenAI writes tokens that cannot be drawn as -9999.
    internal static float Finite(float logprob) => Math.Max(logprob, -9999);

    // JSON writes bytes as base64; the protocol wants numbers.
    internal static int[] Numbers(ReadOnlyMemory<byte> bytes)
    {
        int[] numbers = new int[bytes.Length];
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = bytes.Span[i];

        return numbers;
    }
}
