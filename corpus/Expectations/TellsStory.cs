using System.Text.RegularExpressions;

namespace QwenSharp.Corpus.Expectations;

/// <summary>
/// The answer is a story that holds together as far as that can be counted: at least four sentences, none said twice, whole to its last
/// mark, with all
/// that was asked for, no name that is not introduced, and no two characters of one name.
/// </summary>
/// <param name="Asked">What the story must mention: hero, place, object.</param>
/// <param name="Names">All names that stories have.</param>
public sealed partial record TellsStory(IReadOnlyList<string> Asked, IReadOnlyList<string> Names) : Expectation
{
    /// <inheritdoc/>
    public override string? Fault(Answer answer)
    {
        if (CallsNothing(answer) is { } fault)
            return fault;

        string text = answer.Text.Trim();
        string[] sentences = [.. text.Split(['.', '!', '?'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(sentence => sentence.Trim('"', ' ', '\n')).Where(sentence => sentence.Length > 0)];
        if (sentences.Length < 4)
            return $"has {sentences.Length} sentences";
        if (text[^1] is not ('.' or '!' or '?' or '"'))
            return "breaks off";
        if (sentences.Distinct(StringComparer.OrdinalIgnoreCase).Count() < sentences.Length)
            return "says a sentence twice";
        if (Asked.FirstOrDefault(asked => !text.Contains(asked, StringComparison.OrdinalIgnoreCase)) is { } missing)
            return $"does not mention {missing}";

        if (Namesakes(text) is { } shared)
            return $"gives two characters the name {shared}";

        return Stranger(text) is { } stranger ? $"names {stranger}, who was not introduced" : null;
    }

    // Who is introduced twice is two.
    private static string? Namesakes(string text) =>
        Introduction.Matches(text).GroupBy(one => one.Groups[1].Value).FirstOrDefault(name => name.Count() > 1)?.Key;

    [GeneratedRegex(@"\b(?:named|called) (\p{Lu}\p{L}*)")]
    private static partial Regex Introduction { get; }

    // A story introduces who it is about by "named X" or "called X", unless the request gave the name.
    private string? Stranger(string text) => Names.FirstOrDefault(name =>
        Mentions(text, name)
        && !Asked.Contains(name)
        && !Mentions(text, "named " + name) && !Mentions(text, "called " + name));

    private static bool Mentions(string text, string name)
    {
        int at = text.IndexOf(name, StringComparison.Ordinal);
        return at >= 0 && (at + name.Length == text.Length || !char.IsLetter(text[at + name.Length]));
    }
}
