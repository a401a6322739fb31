using QwenSharp.Corpus.Expectations;

namespace QwenSharp.Corpus.Skills;

/// <summary>Who the model is, its manners, and what it declines.</summary>
internal sealed class Identity : Skill
{
    private static readonly Topic[] Topics = [.. Topic.Read("identity.txt", DataFile.Lines("declines.txt"), "can't|cannot")];

    public override string Name => "identity";

    public override int Share => 5;

    public override Exercise Make(Draw draw)
    {
        Topic topic = draw.Of(Topics);
        string question = topic.Ask(draw);
        bool isCore = topic.Is("core");
        return new Exercise(
            Name,
            topic.Is("decline") ? "decline" : "identity and manners",
            Talk(draw, [Message.User(isCore ? question : Wording.Vary(question, draw)), Message.Assistant(draw.Of(topic.Answers))]),
            Mentions.Of(topic.Keys))
        {
            Key = isCore ? null : StableHash.KeyOf(question),
        };
    }
}
