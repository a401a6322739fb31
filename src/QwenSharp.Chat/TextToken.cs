using Microsoft.Extensions.AI;

namespace QwenSharp.Chat;

/// <summary>One token of generated text.</summary>
/// <param name="Id">Its id in the vocabulary.</param>
/// <param name="Bytes">Its bytes; a character of several bytes may be cut between tokens.</param>
/// <param name="Logprob">The natural logarithm of its probability; NaN where log-probabilities were not asked for.</param>
/// <param name="Top">The likeliest tokens at this place, likeliest first; empty where they were not asked for.</param>
public sealed record TextToken(int Id, ReadOnlyMemory<byte> Bytes, float Logprob, IReadOnlyList<TextToken> Top)
{
    /// <summary>The bytes as UTF-8 text, with U+FFFD where they are not whole characters.</summary>
    public string Text => System.Text.Encoding.UTF8.GetString(Bytes.Span);

    /// <summary>The tokens that an update carries under <see cref="ChatOptionKeys.Logprobs"/>; none where it carries none.</summary>
    public static IReadOnlyList<TextToken> Of(ChatResponseUpdate update)
    {
        ArgumentNullException.ThrowIfNull(update);
        return update.AdditionalProperties?.GetValueOrDefault(ChatOptionKeys.Logprobs) as IReadOnlyList<TextToken> ?? [];
    }
}
