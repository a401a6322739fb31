namespace QwenSharp.Protocols.OpenAI;

/// <summary>The log-probabilities of an answer's tokens.</summary>
/// <param name="Content">One entry a token, in order.</param>
public sealed record ChatLogprobs(IReadOnlyList<TokenLogprob> Content)
{
    /// <summary>Always null: refusals come as content.</summary>
    public IReadOnlyList<TokenLogprob>? Refusal { get; }
}

/// <summary>One token that was chosen, and the likeliest at its place.</summary>
/// <param name="Token">Its text, with U+FFFD for what is not a whole character.</param>
/// <param name="Logprob">The natural logarithm of its probability.</param>
/// <param name="Bytes">Its bytes.</param>
/// <param name="TopLogprobs">The likeliest tokens, likeliest first.</param>
public sealed record TokenLogprob(string Token, float Logprob, IReadOnlyList<int> Bytes, IReadOnlyList<TopLogprob> TopLogprobs);

/// <summary>One of the likeliest tokens.</summary>
/// <param name="Token">Its text, with U+FFFD for what is not a whole character.</param>
/// <param name="Logprob">The natural logarithm of its probability.</param>
/// <param name="Bytes">Its bytes.</param>
public sealed record TopLogprob(string Token, float Logprob, IReadOnlyList<int> Bytes);
