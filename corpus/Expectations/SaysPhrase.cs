namespace QwenSharp.Corpus.Expectations;

/// <summary>
/// The answer is one of these phrases, alone or quoted in a short frame; case, spaces and punctuation at its ends do not count.
/// </summary>
/// <param name="Accepted">The phrase and its variants.</param>
public sealed record SaysPhrase(IReadOnlyList<string> Accepted) : Expectation
{
    private static readonly char[] Ends = [.. " \n\t.,!?;:…。！？、，।؟؛¡¿'\"“”„«»「」『』‘’"];

    /// <inheritdoc/>
    public override string? Fault(Answer answer)
    {
        if (CallsNothing(answer) is { } fault)
            return fault;

        string said = Plain(answer.Text);
        string quoted = Plain(Quoted(answer.Text));
        return Accepted.Select(Plain).Any(phrase => phrase == said || phrase == quoted) ? null : $"does not say '{Accepted[0]}'";
    }

    // The last text between quotation marks, or after the last colon.
    private static string Quoted(string text)
    {
        int close = text.LastIndexOf('"');
        int open = close > 0 ? text.LastIndexOf('"', close - 1) : -1;
        return open >= 0 ? text[(open + 1)..close] : text[(text.LastIndexOf(':') + 1)..];
    }

    private static string Plain(string text) => text.Trim(Ends).Replace('’', '\'').ToLowerInvariant();
}
