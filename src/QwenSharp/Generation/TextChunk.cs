using QwenSharp.Chat;
using QwenSharp.Engine;

namespace QwenSharp;

/// <summary>A piece of generated text: whole characters that no stop string can take back.</summary>
/// <param name="Text">The text; empty in a last chunk that only brings the end.</param>
/// <param name="Tokens">The tokens whose text begins in this chunk, in order. A token that ends the answer has no text and is not
/// listed.</param>
/// <param name="Finish">Why the answer ended; null but in the last chunk.</param>
/// <param name="Usage">What the answer cost; null but in the last chunk.</param>
/// <param name="StopString">Which of <see cref="TextGenerationOptions.Stop"/> ended the answer; null where none did.</param>
public sealed record TextChunk(
    string Text, IReadOnlyList<TextToken> Tokens, FinishReason? Finish = null, TextUsage? Usage = null, string? StopString = null)
{
    /// <summary>In the first chunk of an answer: how much of the prompt was there already. Null in the others.</summary>
    public PromptReuse? Reuse { get; init; }

    /// <summary>
    /// Where in the text what the answer is held to begins: from there on the text is that, whatever it looks like. Null in all but one
    /// chunk.
    /// </summary>
    public int? FormStart { get; init; }
}

/// <summary>Tokens that an answer took.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="CompletionTokens">Tokens generated, the one that ended the answer included.</param>
/// <param name="CachedTokens">Those of the prompt that were not computed, as the prefix cache had them.</param>
public sealed record TextUsage(int PromptTokens, int CompletionTokens, int CachedTokens = 0);
