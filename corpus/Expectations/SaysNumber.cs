using System.Globalization;

namespace QwenSharp.Corpus.Expectations;

/// <summary>The last number of the answer is this one.</summary>
/// <param name="Number">The number.</param>
/// <param name="Reasons">Whether reasoning must precede the answer, or must not; null where both are right.</param>
public sealed record SaysNumber(int Number, bool? Reasons) : Expectation
{
    /// <inheritdoc/>
    public override string? Fault(Answer answer) =>
        CallsNothing(answer)
        ?? Thought.Fault(answer, Reasons)
        ?? (Last(answer.Text) is not { } said ? "says no number" : said == Number ? null : $"says {said} instead of {Number}");

    private static int? Last(string text)
    {
        int end = text.Length;
        while (end > 0 && !char.IsAsciiDigit(text[end - 1]))
            end--;

        int start = end;
        while (start > 0 && char.IsAsciiDigit(text[start - 1]))
            start--;

        // A sign, and not the operator or the hyphen of "5-3".
        bool negative = start > 0 && text[start - 1] is '-' or '−' && (start == 1 || !char.IsLetterOrDigit(text[start - 2]));
        return int.TryParse(text.AsSpan(start, end - start), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? (negative ? -number : number)
            : null;
    }
}

/// <summary>The answer begins with this word, yes or no.</summary>
/// <param name="Word">The word.</param>
/// <param name="Reasons">Whether reasoning must precede the answer, or must not; null where both are right.</param>
public sealed record BeginsWith(string Word, bool? Reasons) : Expectation
{
    /// <inheritdoc/>
    public override string? Fault(Answer answer) =>
        CallsNothing(answer)
        ?? Thought.Fault(answer, Reasons)
        ?? (
            string.Concat(answer.Text.TrimStart().TakeWhile(char.IsLetter)).Equals(Word, StringComparison.OrdinalIgnoreCase)
                ? null
                : $"does not begin with {Word}");
}

internal static class Thought
{
    public static string? Fault(Answer answer, bool? reasons) => (reasons, answer.Reasoning.Trim().Length > 0) switch
    {
        (true, false) => "did not reason",
        (false, true) => "reasoned where it should answer directly",
        _ => null,
    };
}
