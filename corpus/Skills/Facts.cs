using QwenSharp.Corpus.Expectations;

namespace QwenSharp.Corpus.Skills;

/// <summary>How to use QwenSharp, and facts on the Qwen family.</summary>
internal sealed class Facts : Skill
{
    private static readonly ILookup<bool, Topic> Topics = Topic.Read("facts.txt").ToLookup(topic => topic.Is("each"));
    private static readonly Topic[] OfModels = [.. Topics[true]],
        Others = [.. Topics[false]];
    private static readonly Dictionary<string, string>[] Models =
    [
        .. DataFile.Lines("models.txt").Select(line => line.Split('|', 2)).Select(line => Row(line[0], line[1])),
    ];

    public override string Name => "facts";

    public override int Share => 8;

    public override Exercise Make(Draw draw) => draw.Chance(30) ? AboutModel(draw, draw.Of(OfModels)) : Of(draw, draw.Of(Others), null);

    private Exercise AboutModel(Draw draw, Topic topic)
    {
        string column = topic.Keys.IndexOf('{', StringComparison.Ordinal) is >= 0 and var at
            ? topic.Keys[(at + 1)..topic.Keys.IndexOf('}', StringComparison.Ordinal)]
            : "pull";
        return Of(draw, topic, draw.Of([.. Models.Where(model => model[column] != "-")]));
    }

    private Exercise Of(Draw draw, Topic topic, Dictionary<string, string>? model)
    {
        string Slot(string name) => name == "model" ? Grammar.Expand(model!["written"], draw) : model![name];
        string question = topic.Ask(draw, Slot);
        string answer = Grammar.Expand(draw.Of(topic.Answers), draw, Slot);
        Mentions expected = Mentions.Of(Grammar.Expand(topic.Keys, draw, Slot));
        return new Exercise(
            Name,
            model is null ? "QwenSharp and Qwen" : "models",
            Talk(draw, [Message.User(Wording.Vary(question, draw)), Message.Assistant(answer)]),
            expected)
        {
            Key = StableHash.KeyOf(question),
        };
    }

    private static Dictionary<string, string> Row(string name, string rest)
    {
        // The written forms hold "|" between brackets.
        int close = rest.IndexOf("]|", StringComparison.Ordinal);
        string[] cells = rest[(close + 2)..].Split('|');
        return new Dictionary<string, string>
        {
            ["name"] = name,
            ["written"] = rest[..(close + 1)],
            ["licence"] = cells[0],
            ["context"] = cells[1],
            ["layers"] = cells[2],
            ["active"] = cells[3],
            ["pull"] = cells[4],
        };
    }
}
