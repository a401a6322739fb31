using QwenSharp.Corpus.Expectations;

namespace QwenSharp.Corpus.Skills;

/// <summary>
/// Says again what was said: a few words, a name, an address, a list. Calls of tools and fields of sentences are copies too, at the end of
/// a long way;
/// here nothing else is to be learnt, so that a model learns early to copy what it has never said.
/// </summary>
internal sealed class Repetition : Skill
{
    private static readonly string[] Asks =
    [
        "[Repeat|Please repeat|Repeat after me|Echo|Copy this]: {text}",
        "[Repeat|Say again|Echo|Copy] \"{text}\"[.|]",
        "{text}\n[Repeat that|Say that again|Copy this|Repeat this line][.|]",
        "[Can|Could] you [repeat|say again|copy] \"{text}\"?",
        "[Say|Write] [this|the following] again: {text}",
        "[Repeat|Copy|Write again] [what follows|this line|these words][.|:]\n{text}",
    ];

    private static readonly SlotKind[] Values =
    [
        .. (
            (string[])
                [
                    "made", "Made", "person", "town", "email", "id", "file", "address", "title", "phone", "company", "subject", "item",
                    "word", "message", "message",
                ]
        ).Select(SlotKind.Parse),
    ];

    public override string Name => "repeats";

    public override int Share => 4;

    public override Exercise Make(Draw draw)
    {
        string text = string.Join(
            draw.Of([", ", ", ", " ", "; "]),
            Enumerable.Range(0, draw.Of([1, 1, 2, 3, 4])).Select(_ => draw.Of(Values).Draw(draw).Said));
        string ask = Grammar.Expand(draw.Of(Asks), draw, _ => text);
        return new Exercise(Name, "repeats", Talk(draw, [Message.User(ask), Message.Assistant(text)]), new Repeats(text)) { Key = text };
    }
}
