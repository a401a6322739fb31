using QwenSharp.Corpus.Expectations;

namespace QwenSharp.Corpus.Skills;

/// <summary>Short stories of one hero, one place, one object and one friend, in a plot that brings the object back.</summary>
internal sealed class Stories : Skill
{
    private static readonly Dictionary<string, string[]> Lists;
    private static readonly string[][] Plots;

    /// <summary>All names that stories have.</summary>
    public static readonly string[] Names;

    private static readonly string[] Asks =
    [
        "[Tell|Tell me|Write|Write me|Make up] a [short |little |nice |]story about {what}[.|, please.|]",
        "[Can|Could] you tell [me |]a [short |]story about {what}?",
        "I [want|would like] a [short |]story about {what}[.|]",
        "A [short |]story about {what}[, please|.|]",
        "[Story|Tale]: {what}",
        "[Please tell|Please write] a [short |]story with {what}[.|]",
        "[Invent|Give me] a story [about|with] {what}[.|]",
    ];

    static Stories()
    {
        IReadOnlyList<string> lines = DataFile.Lines("stories.txt");
        int first = lines.TakeWhile(line => !line.StartsWith("plot ", StringComparison.Ordinal)).Count();
        Lists = lines.Take(first).Select(line => DataFile.Field(line)).ToDictionary(field => field.Name, field => field.Value.Split('|'));
        List<List<string>> plots = [];
        foreach (string line in lines.Skip(first))
        {
            if (line.StartsWith("plot ", StringComparison.Ordinal))
                plots.Add([]);
            else
                plots[^1].Add(line);
        }

        Plots = [.. plots.Select(plot => plot.ToArray())];
        Names = [.. Lists["heroes"].Select(hero => hero.Split(' ')[0])];
    }

    public override string Name => "stories";

    public override int Share => 2;

    public override Exercise Make(Draw draw)
    {
        string[] heroes = [.. draw.Some(Lists["heroes"], 2)], kinds = [.. draw.Some(Lists["kinds"], 2)];
        string[] hero = heroes[0].Split(' ');
        bool isHe = hero[1] == "he";
        Dictionary<string, string> slots = new()
        {
            ["hero"] = hero[0],
            ["he"] = isHe ? "he" : "she",
            ["He"] = isHe ? "He" : "She",
            ["his"] = isHe ? "his" : "her",
            ["him"] = isHe ? "him" : "her",
            ["friend"] = heroes[1].Split(' ')[0],
            ["kind"] = kinds[0],
            ["other"] = kinds[1],
            ["place"] = draw.Of(Lists["places"]),
            ["object"] = draw.Of(Lists["objects"]),
        };
        (string ask, string[] asked) = Ask(draw, slots);
        string story = string.Join(' ', draw.Of(Plots).Select(sentence => Grammar.Expand(sentence, draw, slot => slots[slot])));
        return new Exercise(
            Name,
            asked.Length == 0 ? "free" : "asked for",
            Talk(draw, [Message.User(ask), Message.Assistant(story)]),
            new TellsStory(asked, Names))
        {
            Key = asked.Length == 0 ? null : string.Join(' ', slots["hero"], slots["place"], slots["object"]),
        };
    }

    /// <summary>A request that names some of hero, kind, place and object; the story must have those.</summary>
    private static (string Ask, string[] Asked) Ask(Draw draw, Dictionary<string, string> slots)
    {
        if (draw.Chance(10))
            return (Grammar.Expand("[Tell|Tell me|Write] a [short |nice |little |]story[.|, please.|!|]", draw), []);

        (string what, string[] asked) = draw.Below(6) switch
        {
            0 => ("a {kind} named {hero}", ["kind", "hero"]),
            1 => ("a {kind} named {hero} and a {object}", ["kind", "hero", "object"]),
            2 => ("a {kind}, a {object} and a {place}", ["kind", "object", "place"]),
            3 => ("{hero} the {kind} in the {place}", ["hero", "kind", "place"]),
            4 => ("a {kind} and a {object}", ["kind", "object"]),
            _ => ("{hero}, a {kind}, and a {object} in the {place}", (string[])["hero", "kind", "object", "place"]),
        };
        string text = Grammar.Expand(draw.Of(Asks), draw, _ => Grammar.Expand(what, draw, slot => slots[slot]));
        return (text, [.. asked.Select(slot => slots[slot])]);
    }
}
