namespace QwenSharp.Corpus.Skills;

/// <summary>One of the eight things that the model in the box can do.</summary>
internal abstract class Skill
{
    /// <summary>Its name on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>How many of a hundred examples it gets.</summary>
    public abstract int Share { get; }

    /// <summary>Makes an exercise; whether it belongs to the part that is drawn for is checked afterwards.</summary>
    public abstract Exercise Make(Draw draw);

    /// <summary>Most conversations have no system message, and most think only where it helps.</summary>
    protected static Conversation Talk(Draw draw, IReadOnlyList<Message> messages, IReadOnlyList<Tool>? tools = null, string? system = null)
    {
        bool thinking = draw.Chance(40);
        system ??= draw.Chance(10) ? Grammar.Expand(SystemMessage, draw) : null;
        return new Conversation(system is null ? messages : [new Message("system", system), .. messages], tools ?? [], thinking);
    }

    private const string SystemMessage =
        "[You are a [helpful|friendly|polite|small|useful|careful] assistant.|Answer briefly.|Be brief.|Be [helpful|friendly|polite|kind] "
            + "and [brief|clear|honest].|Keep [your answers|it] short.|"
        + "You [help|assist] the user.|You are an assistant [on this machine|in a terminal|of QwenSharp|for a .NET team].|Answer in [one "
        + "sentence|a few words|plain words].|You answer questions [clearly|honestly|shortly].]";
}
