using System.Text;

namespace QwenSharp.Corpus.Expectations;

/// <summary>
/// The answer holds each of some keys in one of its wordings, as a whole word; case, backticks and commas between digits do not count.
/// </summary>
/// <param name="Keys">The keys, each with all its accepted wordings.</param>
public sealed record Mentions(IReadOnlyList<IReadOnlyList<string>> Keys) : Expectation
{
    /// <summary>Reads keys: <c>a|b &amp; c</c> is (a or b) and c.</summary>
    internal static Mentions Of(string keys) =>
        new([.. keys.Split(" & ").Select(key => (IReadOnlyList<string>)key.Split('|'))]);

    /// <inheritdoc/>
    public override string? Fault(Answer answer)
    {
        if (CallsNothing(answer) is { } fault)
            return fault;

        string text = Plain(answer.Text);
        return Keys.FirstOrDefault(key => !key.Any(wording => Holds(text, Plain(wording)))) is { } missing
            ? $"does not say '{string.Join("' or '", missing)}'"
            : null;
    }

    private static bool Holds(string text, string word)
    {
        for (int at = text.IndexOf(word, StringComparison.Ordinal); at >= 0; at = text.IndexOf(word, at + 1, StringComparison.Ordinal))
        {
            int end = at + word.Length;
            if ((at == 0 || !Joins(text[at - 1], text[at])) && (end == text.Length || !Joins(text[end - 1], text[end])))
                return true;
        }

        return false;
    }

    // Letters and digits of one run are one word: "4b" is not in "14b", nor "32" in "32768". Scripts without spaces have no such runs.
    private static bool Joins(char left, char right) =>
        left < '\u0E00' && right < '\u0E00' && char.IsLetterOrDigit(left) && char.IsLetterOrDigit(right);

    private static string Plain(string text)
    {
        StringBuilder plain = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            bool separatesThousands =
                text[i] == ',' && i > 0 && i + 1 < text.Length && char.IsAsciiDigit(text[i - 1]) && char.IsAsciiDigit(text[i + 1]);
            if (!separatesThousands && text[i] != '`')
                plain.Append(text[i] is '’' ? '\'' : char.ToLowerInvariant(text[i]));
        }

        return plain.ToString();
    }
}
