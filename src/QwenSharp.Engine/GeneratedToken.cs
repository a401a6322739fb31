namespace QwenSharp.Engine;

/// <summary>One token of an answer, delivered as soon as it is chosen.</summary>
/// <param name="Id">The token; the stop token itself is delivered too, with <see cref="FinishReason.Stop"/>.</param>
/// <param name="Logprob">Natural logarithm of the token's probability in the model's own distribution, before penalties, bias and
/// temperature; NaN unless asked for.</param>
/// <param name="Top">The likeliest tokens of that distribution, best first, lower id first among equals; empty unless asked for.</param>
/// <param name="Finish">Why the answer ends with this token; null if it goes on.</param>
public readonly record struct GeneratedToken(int Id, float Logprob, ReadOnlyMemory<TokenLogprob> Top, FinishReason? Finish)
{
    /// <summary>With the first token of an answer: how much of the prompt was there already. Null with the others.</summary>
    public PromptReuse? Reuse { get; init; }

    /// <summary>See <see cref="ITokenConstraint.IsInForm"/>.</summary>
    public bool IsInForm { get; init; }
}

/// <summary>A token and the natural logarithm of its probability.</summary>
public readonly record struct TokenLogprob(int Id, float Logprob);

/// <summary>Why an answer ended. A cancelled one has no last token: it ends with <see cref="OperationCanceledException"/>.</summary>
public enum FinishReason
{
    /// <summary>The model chose a stop token.</summary>
    Stop,

    /// <summary>The limit of tokens, or the end of the context, is reached.</summary>
    Length,

    /// <summary>The answer went round in circles, the same words again and again.</summary>
    Repetition,
}
