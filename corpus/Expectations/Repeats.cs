namespace QwenSharp.Corpus.Expectations;

/// <summary>The answer is this text to the letter; white space at its ends does not count.</summary>
/// <param name="Said">The text.</param>
public sealed record Repeats(string Said) : Expectation
{
    /// <inheritdoc/>
    public override string? Fault(Answer answer) =>
        CallsNothing(answer) ?? (answer.Text.Trim() == Said ? null : $"does not repeat '{Said}'");
}
