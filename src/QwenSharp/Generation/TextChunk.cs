using QwenSharp.Engine;

namespace QwenSharp;

/// <summary>A piece of generated text: whole characters that no stop string can take back.</summary>
/// <param name="Text">The text; empty in a last chunk that only brings the end.</param>
/// <param name="Tokens">The tokens whose text begins in this chunk, in order. A token that ends the answer has no text and is not
/// listed.</param>
/// <param name="Finish">Why the answer ended; null but in the last chunk.</param>
/// <param name="Usage">What the answer cost; null but in the last chunk.</param>
public sealed record TextChunk(string Text, IReadOnlyList<TextToken> Tokens, FinishReason? Finish = null, TextUsage? Usage = null);

/// <summary>One token of generated text.</summary>
/// <param name="Id">Its id in the vocabulary.</param>
/// <param name="Bytes">Its bytes; a character of several bytes may be cut between tokens.</param>
/// <param name="Logprob">The natural logarithm of its probability; NaN where log-probabilities were not asked for.</param>
/// <param name="Top">The likeliest tokens at this place, likeliest first; empty where they were not asked for.</param>
public sealed record TextToken(int Id, ReadOnlyMemory<byte> Bytes, float Logprob, IReadOnlyList<TextToken> Top)
{
    /// <summary>The bytes as UTF-8 text, with U+FFFD where they are not whole characters.</summary>
    public string Text => System.Text.Encoding.UTF8.GetString(Bytes.Span);
}

/// <summary>Tokens that an answer took.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="CompletionTokens">Tokens generated, the one that ended the answer included.</param>
public sealed record TextUsage(int PromptTokens, int CompletionTokens);
