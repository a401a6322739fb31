using System.Diagnostics;

namespace QwenSharp.Cli.Run;

/// <summary>How long an answer took.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="AnswerTokens">Tokens of the answer.</param>
/// <param name="FirstToken">From the request to the first text.</param>
/// <param name="Total">From the request to the end.</param>
internal sealed record AnswerStatistics(int PromptTokens, int AnswerTokens, TimeSpan FirstToken, TimeSpan Total)
{
    /// <summary>Tokens a second after the first one; 0 for an answer of one token.</summary>
    public double DecodeRate => AnswerTokens > 1 && Total > FirstToken
        ? (AnswerTokens - 1) / (Total - FirstToken).TotalSeconds
        : 0;

    /// <summary>From the start of the process to the first text of this answer.</summary>
    public TimeSpan SinceProcessStart { get; init; }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{PromptTokens} prompt tokens, first token after {FirstToken.TotalSeconds:0.00} s; {AnswerTokens} tokens in "
            + $"{Total.TotalSeconds:0.00} s, {DecodeRate:0.0} tokens/s";

    /// <summary>How long this process has run.</summary>
    public static TimeSpan ProcessAge()
    {
        using Process self = Process.GetCurrentProcess();
        return DateTime.Now - self.StartTime;
    }
}
